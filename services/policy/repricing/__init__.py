"""What a change within the term costs or gives back: heads, cover, a demanded increase, the period, each for itself."""
