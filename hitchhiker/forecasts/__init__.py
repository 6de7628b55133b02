"""What a few runs say about runs not yet paid for, given what other laws look like."""
