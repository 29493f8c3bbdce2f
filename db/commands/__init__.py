"""The verbs: everything an agent can do to the store, a module per noun."""
