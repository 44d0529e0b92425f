"""English words of class names that say nothing of left, right or a sense of turning, in their basic form.

A word belongs here only if a clip that it names shows the same in a mirror, alone and beside its opposite: "serve",
"port", "steer", "screw", "next", "forward", "enter" and "exit" do not, nor do letters, digits and compass points.
"""

_VERBS = """
act apply approach ask attach attempt bake balance bend blow boil bounce break breathe bring brush build burn burst
bury button call carry catch chase chew chop clap clean climb close collapse collide color comb come cook cough count
cover crash crawl crouch crumple crush cry cut dance deflect deform dig dip disassemble dive do drain draw dress
dribble drink drop dry dunk eat empty examine exercise expand explode fail fall feed fill film fit flatten flip float
fly fold fry gather get give greet grill grind groom grow hammer hang happen hide hit hold hop hug hurdle insert iron
jog join juggle jump keep kick kiss knead kneel knit knock land laugh lay let lick lie lift light listen look lower
make measure melt milk mix mop move nod open overflow pack paint peel pet photograph pick pile place plant play plug
poke polish pour press pretend pull punch push put raise read remove repair rest ride rinse rise roll rotate row run
sand say scatter scoop scrape scratch scrub see separate sew shake sharpen shave shoot shout show shrink shuffle sing
sink sit skate ski skip slap sleep slice slide slip smash smell smile smoke snap sneeze sort speak spill spin splash
spray spread sprinkle squash squat squeeze stack stand start stay stick stir stitch stop stream stretch stuff stumble
sweep swim take talk tap taste tear throw tickle tie tilt tip topple toss touch train trim trip try turn twist type
unbutton uncover undress unfold unpack unplug unstack untie unwrap unzip use vacuum vibrate wait wake walk wash watch
water wave wear weigh whisk whisper whistle wipe work wrap wring write yawn zip
"""
_NOUNS = """
action activity air animal apple apron arm baby background bag bagel ball balloon banana band bar barbell barn
baseball basket basketball bath beach bean beard bed beer bell belt bicycle bike bird blanket block board boat body
bone book boot bottle bow bowl box boxing boy branch bread brick bridge broom bubble bucket building bus bush butter
cake camera can candle candy cap car card carpet carrot cat cereal chain chair cheese chest chicken child children
chin chocolate church cigarette class clay cliff clip cloth clothes cloud coat coffee coin computer cookie cord corn
couch cow crowd cucumber cup cupboard curtain cushion cyclist deer desk dice dinner dish dishwasher dog doll door
dough drawer drum duck dumbbell dust ear earth egg elbow end engine envelope eye eyebrow face falling fan farm faucet
feather feet fence field finger fire firework fish fist flag flame floor flour flower foam food foot football forehead
forest fork freezer fridge frisbee frog fruit garage garbage garden gas girl glass glove goat gold golf grape grass
ground group guitar guy gym hail hair halt ham hand handle hat head hedge heel helmet hill hip hole horse hose house
human ice iguana ink insect instrument jack jacket jar jaw jeans jug juice kettle key keyboard kid kitchen kite knee
knife knives knot ladder lady lake lamp laptop laundry lawn leaves leg lemon letter lid lip lipstick liquid lotion
lunch machine makeup man mask mat match meal meat medicine men metal microphone microwave milk mirror monkey moon
mosquito motion motorcycle mountain mouth mud mug muscle mushroom nail napkin neck needle nobody nose notebook nothing
nut object oil omelette onion orange oven package pad pan pants paper park part party pasta pattern pedestrian pen
pencil people pepper person phone photo piano picture pie piece pig pillow pin pipe pizza plane plastic plate pocket
pool pot potato powder printer pumpkin puppy purse puzzle rabbit rail rain rice river road robot rock roof room root
rope rubber rug sack salad salt sandal sandwich sauce sausage scarf scene scissors screen sea seat shampoo sheep sheet
shelf shell shelves shirt shoe shop shorts shoulder shower shrimp shrub side sink skin skirt sky smartphone snow soap
soccer sock sofa soil somebody someone something somewhere sound soup spaghetti spatula spider sponge spoon sport
square stage stair staircase star stem step stick stomach stone stool store straw string stroller student substance
sugar suit suitcase sun surface surfboard sweater swimmer swimming table tablet tail tape tea teacher technique teeth
tennis tent thing thread thumb tile tissue toast toe toilet tomato tongue tool tooth toothbrush toothpaste towel toy
track tractor trampoline tray tree tripod truck trunk tube umbrella vase vegetable vehicle vest video violin
volleyball waist waiter wall wallet wand water weather wheel wheelchair wife window wine wing wire woman women wood
wool world worm wrist yoga yogurt
"""
_QUALITIES = """
alive alone along angry another anything apart asleep awake away bare below bent big blank blue bored bottom bright
broken brown busy calm central clear close closed closer cold completely cool crowded dark deep difficult dirty down
downstairs downward downwards dry dull early easy empty enough everything false far fast flat fragile fresh front full
funny gentle gently green grey half happy hard heavy hidden high horizontal horizontally hot huge idle indoors inside
inverted it large late leftover light lightly little long loose loud low medium middle more most narrow near nearer
nearest neutral new nice none normal number old only open other outdoor outdoors part pink purple quick quickly quiet
red repeatedly rest rough round sad safe same scared separately sharp short shy sick sideways silent similar similarly
slanted sleepy slight slightly slow slowly small smooth soft solid speed standard steadily steady steep still
stretched stuck sudden suddenly surprised tall tearable thick thin tired together top towards unbendable underwater
unknown up upright upside upstairs upward upwards various vertical vertically very visible warm way weak wet white
whole wide yellow young
"""
# Alone these name nothing.
_SMALL = """
a about above again against ago all almost already also always an and any are around as at be because behind being
beneath beside between both but by cannot does doesn don during each eight every few five for four from has have if in
into is isn its just like many multiple near neither nine no not number of on once one onto or over pair per seven
several since single six so some ten than that the their them then there these they this those three through
throughout to toward twice two under underneath until upon was were what when where which while who with within
without you your
"""

SMALL_WORDS = frozenset(_SMALL.split())
PLAIN_WORDS = SMALL_WORDS.union(_VERBS.split(), _NOUNS.split(), _QUALITIES.split())
# Together with one of the second, one of the first is a sense of turning: "twist open", "turn the lid to close it".
TURNS = frozenset(("turn", "twist", "rotate", "spin", "wring", "roll"))
OPENS = frozenset(("open", "close", "closed", "loose", "start", "stop"))
# Together with "side" a word for one of two: "to one side", "on the other side".
ONE_OF_TWO = frozenset(("one", "other", "another", "same", "this", "that", "both", "each"))
# Read before the words: in these, "right", "out", "off", "next" and "back" name no side and have no opposite.
PLAIN_PHRASES = (
    "right out",
    "right away",
    "out of",
    "off of",
    "come out",
    "comes out",
    "falls out",
    "falls off",
    "fall off",
    "next to",
    "pass each other",
    "each other",
    "rolls back down",
    "thumbs up",
    "thumbs down",
)


def is_plain(word: str) -> bool:
    """Whether a word in small letters, in any form of it (opens, opened, opening), is one of these."""
    return any(form in PLAIN_WORDS for form in basic_forms(word))


def basic_forms(word: str) -> list[str]:
    """What a word may be a form of: "shaking" -> shaking, shak, shake; "dropped" -> dropped, dropp, drop, droppe."""
    forms = [word]
    for ending in ("s", "es", "d", "ed", "ing", "ies", "ied"):
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < 2:
            continue
        forms += [stem, stem + "e"]
        if ending in ("ies", "ied"):
            forms.append(stem + "y")
        if stem[-1] == stem[-2]:
            forms.append(stem[:-1])
    if word.endswith("ying"):  # lying, tying
        forms.append(word[:-4] + "ie")
    return forms
