"""The steps of the lab in their order: names, texts, addresses."""

from dataclasses import dataclass

from app.lab import text


@dataclass(frozen=True)
class Step:
    """`slug` is its address (`?lab=SLUG`), `description` what a shared link says of it."""

    slug: str
    name: str
    title: str
    lead: str
    beware: str
    description: str


STEPS = (
    Step(
        "frame",
        "One frame",
        "What one frame can't tell",
        "A network that reads single frames sees this. **What is happening in it? Take a guess**; then the five frames "
        "around it play, and the networks answer.",
        "The networks' answers come from the whole clip, not from this frame: the baseline reads the middle frame of "
        "every segment, so it does know what changes from one segment to the next; TDN reads a window of five "
        "neighbouring frames in each.",
        "Guess what happens in a video from one frame, then see its neighbours, and what two networks say.",
    ),
    Step(
        "belt",
        "The belt",
        "A belt that keeps running",
        "No network here sees a film whole. It cuts the film into eight equal **segments** and looks at one moment in "
        "each: the baseline at a single frame, TDN at a **window** of five neighbouring ones. On this belt one thing "
        "passes to the left and the next comes in; then the film begins again, as if the belt ran on. **Choose how "
        "often it is shown, look at the eight frames, and guess what the baseline will say.**",
        "TDN may be less sure, too: its later stages compare segments as well. Under Analyse, “Show it over and over” "
        "draws all this for any clip.",
        "A belt filmed again and again: when does a network that reads eight frames see it run backwards? Guess first.",
    ),
    Step(
        "differences",
        "Differences",
        "What S-TDM sees",
        "S-TDM, the short-term temporal difference module, is given no frames but the four differences inside each "
        "window, *x₂ − x₁* to *x₅ − x₄* (Eq. 1), at half the resolution. **Move through the segments, then choose a "
        "clip in which little moves.**",
        "A difference is change, not yet motion: a moving camera, flicker and noise change pixels as well, and a thing "
        "of even colour changes at its edges only.",
        "Five frames and the four differences between them: all that TDN's module for short motion is given.",
    ),
    Step(
        "noise",
        "Only noise",
        "A film in which no frame shows anything",
        "Every frame here is grey noise, drawn anew; nothing can be seen in any of them, nor in their mean. Only from "
        "one frame to the next a patch of it is carried along. **Play a window and guess which way**; then the "
        "networks answer.",
        "A network may miss what is there: then it says so here, for these clips are drawn and asked now. Noise like "
        "this is called appearance-free; a camera never films it, so networks see it only where they were trained on "
        "it. People see such motion better in a larger picture and at full speed.",
        "Every frame is noise, and yet something moves. Do you see it? Does either network?",
    ),
    Step(
        "fusion",
        "Fusion",
        "What it adds",
        "A small network of its own turns the differences into features H. They are added to the features F of the "
        "middle frame after each of the first two stages, Res1 and Res2; the sum goes on. **Move S-TDM's weight from 1 "
        "to 0** and watch sums and scores.",
        "The pictures are means over channels, at one scale a row: they show where features are large, not why a class "
        "was chosen. Weight 0 is not a frozen clip: the network then misses a part it was trained with, and a lower "
        "score may also mean that later stages meet features they never saw.",
        "Turn TDN's module for short motion down with a slider, and watch its features and its answer.",
    ),
    Step(
        "reverse",
        "Reverse",
        "Reverse it",
        "Change nothing but the order of frames. **Reverse time inside the windows**: middle frames and segments stay, "
        "so a network of single frames gets exactly the same input. Then reverse the whole clip; then freeze it.",
        "Reversing a whole clip reverses the order of its segments too, which the baseline does read: choose a slow "
        "motion, and its answer may turn as well. A frozen window shows a world at rest, which is not the same as "
        "S-TDM switched off in the step before.",
        "Reverse time inside five frames: which network notices?",
    ),
    Step(
        "gates",
        "Gates",
        "Long-term motion: the gates of L-TDM",
        "In the later stages the long-term module, L-TDM, compares neighbouring segments and multiplies features by "
        "1 + gate, with gates between −½ and ½. **Move through the segments**, and compare the answer with all gates "
        "at zero.",
        "Bright cells are strongly gated: attention inside the network, for no class in particular, and no explanation "
        "of an answer. With gates at zero the temporal convolutions still compare segments. How much L-TDM adds to "
        "them stands in the last step; on a single clip, gates at zero may even raise a score.",
        "Where TDN's module for long motion opens and closes its gates, and what it says without them.",
    ),
    Step(
        "drop",
        "Drop one",
        "Drop a segment and watch the score",
        "Which of the eight segments does an answer rest on? **Take one away, then others**, and watch the class lose "
        "or gain. The bars below the pictures show what each segment alone would take away.",
        "A network of eight segments needs eight: the nearest one that is left stands in. One segment at a time is the "
        "simplest question; two that say the same hide each other. *Play Fair* (W. Price and D. Damen, 2020, "
        "[arXiv 2006.05387](https://arxiv.org/abs/2006.05387)) therefore averages over all sets of the others, "
        "which gives each element its Shapley value; that is not computed here.",
        "Take segments away from a clip and watch what two networks make of the rest, after Play Fair.",
    ),
    Step(
        "film",
        "Film a swipe",
        "Film a swipe of your own",
        "Press the button, wait for three seconds of countdown, then **move your hand across the picture once**, from "
        "side to side, for three seconds. Both networks answer to it as filmed, then with time reversed inside "
        "windows, then as a whole.",
        f"The picture is the camera's, not mirrored: what goes to your right goes to the left in it. {text.FILM_KEPT} "
        "A network may well be wrong about it: these learnt from made clips, never from labelled films of hands.",
        "Film a swipe of your hand, and see what two networks make of it, forwards and backwards.",
    ),
    Step(
        "numbers",
        "Numbers",
        "The numbers",
        "What you saw on single clips, counted over many. **Compare the dots of short-term and long-range motion.**",
        "Our numbers are of made clips and a small network, the paper's of 174 everyday actions: compare the order, "
        "not the numbers.",
        "How often each network is right about short and long motion, ours and the paper's.",
    ),
)
