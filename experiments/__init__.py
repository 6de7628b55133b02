"""What the chapters compute: one module a chapter, and what several of them share."""
