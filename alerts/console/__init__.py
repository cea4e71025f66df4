"""The operator's page: plain HTML, CSS and JavaScript modules, served as they stand here."""
