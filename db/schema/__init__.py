"""The tables, made by numbered migrations, and the views that are a public interface."""
