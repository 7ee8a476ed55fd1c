"""A whole archive of films in, one table out: `run.score_archive`; its unit is `score_films`."""
