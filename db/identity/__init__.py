"""Who is who: normalise, look up, link."""
