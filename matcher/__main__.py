"""``python -m matcher`` is the command ``matcher``."""

from matcher.cli import main

if __name__ == "__main__":
    main()
