"""The questions: a module per screen or report, each answer a record."""
