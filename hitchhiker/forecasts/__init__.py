"""What a few runs say about runs not yet paid for, given what laws look like in general."""
