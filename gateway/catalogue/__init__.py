"""What the interface is: the merged documents, the reading page, the problem codes and the reference lists."""
