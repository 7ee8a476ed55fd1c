"""Foreign weight files in, tensors by name out; nothing in them is ever run. No torch here."""
