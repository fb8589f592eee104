"""What people say of calls: choices, disagreements, ratings, notes; and all of it as labelled calls."""
