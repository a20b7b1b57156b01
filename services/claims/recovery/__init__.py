"""Recovery from whoever owes the loss (追偿), what comes in of it, and its waiver."""
