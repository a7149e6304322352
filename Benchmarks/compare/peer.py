"""What the programs that compare.py times have in common: their arguments, and seconds and memory as a line of JSON."""
import argparse
import json
import resource
import time


def arguments():
  p = argparse.ArgumentParser()
  p.add_argument('work', choices=['forward', 'block'])
  for name in ('residues', 'msa', 'extra', 'templates', 'blocks', 'extra-blocks', 'repeats'):
    p.add_argument('--' + name, type=int, required=True)
  p.add_argument('--bf16', action='store_true')
  return p.parse_args()


def report(run, repeats):
  """Calls `run` once untimed, then `repeats` times, and prints what was measured."""
  seconds = []
  for repeat in range(repeats + 1):
    start = time.perf_counter()
    run()
    if repeat > 0: seconds.append(time.perf_counter() - start)
  print(json.dumps({'seconds': seconds, 'peak_rss_mib': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
