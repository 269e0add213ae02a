#!/usr/bin/env bash
# Runs protocol_check.py with the given pytest, and sums up as the other checks do.
report=$(mktemp)
trap 'rm -f "$report"' EXIT
"$1" -q -p no:cacheprovider -o asyncio_default_fixture_loop_scope=function --tb=short --junit-xml="$report" "$(dirname "$0")/protocol_check.py"
python3 - "$report" <<'PYTHON'
import sys
import xml.etree.ElementTree as tree

suite = tree.parse(sys.argv[1]).getroot().find("testsuite")
failed = int(suite.get("failures")) + int(suite.get("errors"))
print(f"{int(suite.get('tests')) - failed} passed, {failed} failed")
PYTHON
