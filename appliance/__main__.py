"""`python -m appliance`: the same as the program `dns-appliance`."""

from appliance.cli import main

if __name__ == "__main__":
    main()
