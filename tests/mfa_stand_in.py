"""A program that behaves as `mfa version | train | align` do, for tests: every phone gets 0.25 s, the first one after
0.25 s of silence. Utterances whose name ends in $MFA_LOSES (`lost`) get no TextGrid, and the exit status is 0."""

import json
import os
import sys
from pathlib import Path

SECONDS = 0.25


def main(words: list[str]) -> None:
    if words[0] == "version":
        print("3.4.3")
        return
    corpus, dictionary = map(Path, words[1:3])
    options = {words[i]: words[i + 1] for i in range(4, len(words) - 1) if words[i].startswith("-")}
    output = Path(options["--output_directory"] if words[0] == "train" else words[4])
    output.mkdir()
    (output / "call.json").write_text(json.dumps([*words, "root", os.environ["MFA_ROOT_DIR"]]))
    phones = dict(line.split("\t") for line in dictionary.read_text().splitlines())
    print(" INFO     Done!", file=sys.stderr)
    for lab in corpus.rglob("*.lab"):
        if not lab.stem.endswith(os.environ.get("MFA_LOSES", "lost")):
            names = ["", *" ".join(phones[word] for word in lab.read_text().split()).split(), ""]
            write_textgrid(output / lab.parent.name / f"{lab.stem}.TextGrid", names)


def write_textgrid(path: Path, names: list[str]) -> None:
    end = SECONDS * len(names)
    rows = "".join(
        f"        intervals [{i + 1}]:\n            xmin = {SECONDS * i} \n            xmax = {SECONDS * (i + 1)} \n"
        f'            text = "{name}" \n'
        for i, name in enumerate(names)
    )
    path.parent.mkdir(exist_ok=True)
    head = f'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0 \nxmax = {end} \ntiers? <exists> \n'
    tier = 'size = 1 \nitem []: \n    item [1]:\n        class = "IntervalTier" \n        name = "phones" \n'
    size = f"        xmin = 0 \n        xmax = {end} \n        intervals: size = {len(names)} \n"
    path.write_text(head + tier + size + rows)


if __name__ == "__main__":
    main(sys.argv[1:])
