"""What a search was made with: its images, its machines."""

from nasflow.report.figures import plural, unbroken_time
from nasflow.search.ledger import Ledger


def setting_sentence(ledger: Ledger) -> str:
    """One or two sentences; no date, because no document of a search holds one."""
    facts = ledger.start_spec.data
    shape = f"{facts.size} x {facts.size}" + (" in colour" if facts.channels == 3 else "")
    images = f"{facts.train_images} images to train on and {facts.held_out_images} held out"
    text = f"Data: {facts.spec.name}, {images}, {shape}, {plural(facts.classes, 'class', 'classes')}."
    seconds: dict[str, float] = {}
    for each in ledger.attempts:
        seconds[each.device] = seconds.get(each.device, 0.0) + each.seconds
    used = [f"{_device(name)} ({unbroken_time(spent)})" for name, spent in seconds.items()]
    return f"{text} Trained on {' and '.join(used)}." if used else text


def _device(name: str) -> str:
    return "CPUs" if name == "cpu" else name
