"""``python -m api`` is ``matcher-api``."""

from api.cli import main

if __name__ == "__main__":
    main()
