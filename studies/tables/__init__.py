"""What a document shows of each result, by the name that marks its place: lines of Markdown."""

from collections.abc import Callable

from studies.tables import abuse, focus, motion, samples, speed

TABLES: dict[str, Callable[[dict], list[str]]] = {
    "ablation": motion.ablation,
    "ablation search": motion.search,
    "race": motion.race,
    "race search": motion.search,
    "focus": focus.focus,
    "focus both": focus.focus_both,
    "realfocus": focus.focus,
    "focus intervals": focus.focus_intervals,
    "faithful": focus.faithful,
    "flow": focus.flow,
    "appearance_free": motion.appearance_free,
    "planted_bias": motion.planted_bias,
    "splits": motion.splits,
    "splits stroboscope": motion.stroboscope,
    "rendering": motion.rendering,
    "probes": motion.probes,
    "probes named": motion.named,
    "real": motion.real,
    "real ways": motion.real_ways,
    "cards": motion.cards,
    "calibration": motion.calibration,
    "samples": samples.samples,
    "samples chosen": samples.chosen,
    "speed": speed.speed,
    "speed2": speed.speed,
    "scaling": speed.scaling,
    "table5": speed.table5,
    "reading": speed.reading,
    "reading ways": speed.reading_ways,
    "reading floor": speed.reading_floor,
    "compiled": speed.compiled,
    "serving": speed.serving,
    "strobe": motion.strobe,
    "conveyor": motion.strobe,
    "strobe intervals": motion.strobe_intervals,
    "strobe_speed": speed.strobe_speed,
    "page": speed.page,
    "web": speed.web,
    "web bytes": speed.web_bytes,
    "training": speed.training,
    "kill_training": abuse.kill_training,
    "full_disk": abuse.full_disk,
    "fuzz": abuse.fuzz,
    "fuzz run": abuse.fuzz_run,
    "crowd": abuse.crowd,
    "soak": abuse.soak,
    "soak memory": abuse.soak_memory,
}

# Tables of all results of a document.
OF_ALL: dict[str, Callable[[dict], list[str]]] = {"goals": speed.goals}
