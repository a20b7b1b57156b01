"""What is answered to whom: articles in editions, and short answers to what is asked again and again."""
