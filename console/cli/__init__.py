"""The command line: one module per group of subcommands, none of which imports Textual."""
