"""What is published besides /emotions: the same faces in other forms, for those who listen."""
