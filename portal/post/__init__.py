"""How the outbox leaves the house: letters, the line to the mail server, the drain, and what follows."""
