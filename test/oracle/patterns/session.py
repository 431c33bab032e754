"""What the comparisons share: their command line, and a session of psql."""
import argparse
import subprocess
import sys


def psql_lines(command, script):
    """The lines that psql prints for a script, but for empty ones; an error of any statement is raised."""
    done = subprocess.run([*command, '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-f', '-'], input=script.encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise RuntimeError(f'psql: {done.stderr.decode(errors="replace").strip()}')
    return [line for line in done.stdout.decode().split('\n') if line]


def lacking(seen, features, cases, noun, share=50):
    """Which features occur in less than one of so many cases; each is told."""
    found = [name for name in features if share * seen[name] < cases]
    for name in found:
        print(f'lacks {noun} with "{name}"')
    return found


def main(description, cases, batch, compare):
    """Reads the command line and compares; cases is what the option is called that says how many."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument(f'--{cases}', type=int, required=True)
    options.add_argument('--seed', type=int, default=1)
    options.add_argument('--batch', type=int, default=batch)
    options.add_argument('--until-different', action='store_true', help='to say whether something differs, not what')
    options.add_argument('--dry-run', action='store_true', help='the oracle alone')
    options.add_argument('command', nargs='*', default=['psql'])
    options = options.parse_args()
    try:
        sys.exit(compare(options, None if options.dry_run else options.command))
    except RuntimeError as error:
        sys.exit(str(error))
