"""Mail: mbox, Maildir and single messages."""
