"""Views of a changeset, of problems and of outcomes: data in, text out. They look, they do not think."""
