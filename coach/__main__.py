from coach.cli import main

main(prog_name="coach")
