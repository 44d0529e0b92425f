"""Training settings as frozen constants. The command line picks one and overrides fields with --set.

Released numbers are those of the released code's scripts and log files (github.com/MCG-NJU/TDN), paper numbers those of
TDN Sec. 4.1. The two differ; both are here, the paper's under names ending in "-paper".
"""

from dataclasses import replace

from tdn.train.recipe import Recipe

# Released scripts for Something-Something: 8 clips on each of 8 GPUs, rate 0.01, drops of 30, 45 and 55 in 60 epochs.
SOMETHING = Recipe(
    "something",
    "tdn_resnet50_8f",
    epochs=60,
    batch_size=64,
    learning_rate=0.01,
    rate_batch=64,
    micro_batch=8,
    weight_decay=5e-4,
    drops=(30, 45, 55),
    dropout=0.5,
    start_from="imagenet",
    source="released scripts for Something-Something",
)
# Released scripts for Kinetics: 16 clips on each of 8 GPUs, rate 0.02, drops of 50, 75 and 90 in 100 epochs.
KINETICS = replace(
    SOMETHING,
    name="kinetics",
    epochs=100,
    batch_size=128,
    learning_rate=0.02,
    rate_batch=128,
    micro_batch=16,
    weight_decay=1e-4,
    drops=(50, 75, 90),
    source="released scripts for Kinetics-400",
)
# TDN Sec. 4.1: batch 128, rate 0.02, a tenth "when the performance on the validation set saturates", short side 256 to
# 320. How long saturation is waited for is not said; 5 epochs are our choice, and so is the decay of the released code.
_AS_PRINTED = {"schedule": "plateau", "drops": (), "crop": "jitter", "source": "TDN Sec. 4.1"}
SOMETHING_PAPER = replace(SOMETHING, batch_size=128, learning_rate=0.02, rate_batch=128, **_AS_PRINTED)
KINETICS_PAPER = replace(KINETICS, **_AS_PRINTED)
# The authors' answer in TDN issue 56: from Kinetics-400, 16 clips on each of 8 GPUs, 16 segments (those of the
# checkpoint). It gives no weight decay; this is that of the Something-Something scripts.
TRANSFER = Recipe(
    "transfer",
    None,
    epochs=25,
    batch_size=128,
    learning_rate=0.002,
    rate_batch=128,
    micro_batch=16,
    drops=(10, 20),
    dropout=0.8,
    split=1,
    start_from="kinetics400_16f.safetensors",
    source="TDN issue 56",
)


def _rows(short: str, recipe: Recipe, suffix: str = "") -> list[Recipe]:
    """A recipe for the networks of Table 2: ResNet-50 and ResNet-101, 8 and 16 frames."""
    return [
        replace(recipe, name=f"{short}-r{depth}-{frames}f{suffix}", model=f"tdn_resnet{depth}_{frames}f")
        for depth in (50, 101)
        for frames in (8, 16)
    ]


PUBLISHED = [
    *_rows("ssv1", SOMETHING),
    *_rows("ssv2", SOMETHING),
    *_rows("k400", KINETICS),
    *_rows("ssv1", SOMETHING_PAPER, "-paper"),
    *_rows("ssv2", SOMETHING_PAPER, "-paper"),
    *_rows("k400", KINETICS_PAPER, "-paper"),
    replace(TRANSFER, name="ucf101"),
    replace(TRANSFER, name="hmdb51"),
]

# From the demo weights to a person's own clips, some 200 of them, on one machine without a GPU. Our choice.
FINETUNE = Recipe(
    "finetune",
    None,
    epochs=20,
    batch_size=8,
    learning_rate=5e-4,
    optimizer="adamw",
    weight_decay=0.02,
    clip_norm=5.0,
    label_smoothing=0.05,
    schedule="cosine",
    warmup_share=0.05,
    ema_decay=0.9,
    dropout=0.3,
    start_from="checkpoints/tdn_small_8f.safetensors",
    workers=2,
    source="our choice",
)

# The settings of the feasibility study (AdamW, cosine, small size first), longer.
DEMO_TDN = Recipe(
    "demo-tdn",
    "tdn_small_8f",
    epochs=30,
    batch_size=8,
    learning_rate=1.5e-3,
    optimizer="adamw",
    weight_decay=0.02,
    clip_norm=5.0,
    label_smoothing=0.02,
    schedule="cosine",
    warmup_share=0.05,
    ema_decay=0.998,
    precision="bf16",
    sizes=((0.6, 80), (0.85, 112), (1.0, 144)),
    preprocess="whole",
    clips_per_epoch=2000,
    pool_clips=8000,
    val_clips=760,
    source="our choice",
)
# The same budget, clips and order; from scratch it stays at chance, so it starts from all tensors of the trained TDN
# that fit. The temporal convolutions are among them, so that `t_conv_init` plays no role.
DEMO_TCONV = replace(
    DEMO_TDN, name="demo-tconv", model="tconv_baseline_small_8f", start_from="checkpoints/tdn_small_8f.safetensors"
)
# What each of the two modules adds alone: the same start, clips and budget.
DEMO_S_TDM = replace(DEMO_TCONV, name="demo-s-tdm", model="s_tdm_small_8f")
DEMO_L_TDM = replace(DEMO_TCONV, name="demo-l-tdm", model="l_tdm_small_8f")
# The four on MobileNetV2, each from the same ImageNet weights, with the same clips and as many draws of them (240,000):
# no row stands on another's tensors. Rate, its half for the trunk and the difference start are those of a study of
# 24,000 draws, after which both TDN and T-Conv were still learning.
DEMO_MOBILE_TDN = replace(
    DEMO_TDN,
    name="demo-mobile-tdn",
    model="tdn_mobilenetv2_8f",
    epochs=120,
    learning_rate=1e-3,
    param_groups="trunk_half",
    start_from="imagenet",
    t_conv_init="difference",
    sizes=((0.85, 112), (1.0, 144)),
    clips_version=3,
)
DEMO_MOBILE_TCONV = replace(DEMO_MOBILE_TDN, name="demo-mobile-tconv", model="tconv_baseline_mobilenetv2_8f")
DEMO_MOBILE_S_TDM = replace(DEMO_MOBILE_TDN, name="demo-mobile-s-tdm", model="s_tdm_mobilenetv2_8f")
DEMO_MOBILE_L_TDM = replace(DEMO_MOBILE_TDN, name="demo-mobile-l-tdm", model="l_tdm_mobilenetv2_8f")
# Ends within a minute on one core: for tests, and to see that an installation can train.
SMOKE = replace(
    DEMO_TDN,
    name="smoke",
    model="tdn_tiny_8f",
    epochs=4,
    clips_per_epoch=24,
    pool_clips=24,
    val_clips=19,
    sizes=((1.0, 64),),
    render_size=64,
    precision="fp32",
    ema_decay=0.9,
    workers=0,
)

# These train on clips the project renders itself unless told otherwise; all others need a data set.
DEMOS = (DEMO_TDN, DEMO_TCONV, DEMO_S_TDM, DEMO_L_TDM)
MOBILE_DEMOS = (DEMO_MOBILE_TDN, DEMO_MOBILE_TCONV, DEMO_MOBILE_S_TDM, DEMO_MOBILE_L_TDM)
PROCEDURAL = tuple(recipe.name for recipe in (*DEMOS, *MOBILE_DEMOS, SMOKE))
RECIPES = {recipe.name: recipe for recipe in (*PUBLISHED, FINETUNE, *DEMOS, *MOBILE_DEMOS, SMOKE)}
