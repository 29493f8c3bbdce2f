"""Chat transcripts: Slack exports and WhatsApp."""
