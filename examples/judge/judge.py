"""Judges a saved plan: nothing may weaken what a certificate must prove.

    python3 examples/judge/judge.py examples/contoso.plan.json
"""

import json
import re
import sys

# A step of a path: a name, and for an entry of a list its identity in brackets.
CHAR = r"(?:\\.|[^\\.,\[\]#])"
PART = r"(?:\\.|[^\\,\[\]#])*"
STEP = re.compile(rf"({CHAR}+)(?:\[({PART}(?:,{PART})*)\](?:#([0-9]+))?)?(?:\.|$)")


def literal(text):
    text = re.sub(r"\\u\{([0-9a-f]+)\}", lambda found: chr(int(found[1], 16)), text)
    return re.sub(r"\\(.)", r"\1", text)


def steps(path):
    """The path as (name, identity or None, which of several)."""
    for name, key, nth in (step.groups() for step in STEP.finditer(path)):
        if key is not None:
            key = [literal(part) for part in re.findall(rf"(?:^|,)({PART})", key)]
        yield literal(name), key, int(nth or 1)


def strength(mode):
    return {"x509certificatemultifactor": 2}.get(str(mode).lower(), 1)


def wrongs(plan):
    for resource in plan["resources"]:
        for change in resource["changes"]:
            name, key, _ = list(steps(change["path"]))[-1]
            old, new = change["before"], change["after"]
            if name.endswith("Mode") and strength(new) < strength(old):
                yield f"{change['label']}: {old} would become {new}"
            if name == "CertificateAuthorityScopes" and change["kind"] == "remove":
                yield f"the CA {key[-1]} would be trusted for everybody in scope"
        for finding in resource["findings"]:
            if finding["kind"] == "guard":
                allowed = "allowed" if finding["allowed"] else "not allowed"
                print(f"note: {finding['code']} ({allowed})")


with open(sys.argv[1], encoding="utf-8") as file:
    plan = json.load(file)
if plan["formatVersion"].split(".")[0] != "1":
    sys.exit("this reads plans of format 1 only")
found = list(wrongs(plan))
print("\n".join(found) or "nothing is weakened")
sys.exit(bool(found))
