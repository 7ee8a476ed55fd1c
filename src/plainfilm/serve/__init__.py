"""Others call us: versioned bundles behind HTTP. `app.create_app` is the door."""
