"""What a visit asks, by industry and version; the points that the answers make."""
