"""Which picture a product gets: by the words of its title, else of its aisle or department.

The last telling word wins, for English puts the thing last: a tea towel is a towel, a mug tree a tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain

from catalog.art.choice import Choice
from catalog.art.colour import Palette
from catalog.art.motifs import care, garden, general, home, kitchen, leisure, outdoors

Motif = Callable[[Palette, Choice], str]
MODULES = (kitchen, home, garden, leisure, outdoors, care, general)

# Motif -> the words (singular) that call for it.
WORDS: dict[Motif, str] = {
    kitchen.mug: "mug cup beaker cappuccino",
    kitchen.bowl: "bowl dish",
    kitchen.plate: "plate saucer platter spoon cutlery tray",
    kitchen.pan: "pan wok skillet griddle",
    kitchen.pot: "pot casserole stockpot saucepan cookware cook",
    kitchen.knife: "knife cleaver scissors",
    kitchen.board: "board coaster placemat",
    kitchen.cake: "cake bundt pie baking muffin bakeware cakestand",
    kitchen.whisk: "whisk spatula ladle",
    kitchen.rolling_pin: "pin",
    kitchen.glass: "glass tumbler cocktail drink",
    kitchen.jug: "jug pitcher milk",
    kitchen.kettle: "kettle",
    kitchen.teapot: "teapot infuser",
    kitchen.press: "press cafetiere",
    kitchen.dripper: "dripper filter brewer",
    kitchen.moka: "moka espresso",
    kitchen.grinder: "grinder mill tamper",
    kitchen.pouch: "pouch biscuit seed mix refill snack salts sweet",
    kitchen.coffee: "bean blend roast decaf coffee",
    kitchen.tin: "tin caddy tea oolong chai rooibos infusion canister",
    home.table_lamp: "lamp",
    home.pendant: "pendant chandelier lampshade",
    home.desk_lamp: "desklamp reading",
    home.floor_lamp: "floorlamp",
    home.bulb: "bulb light fairy nightlight",
    home.candle: "candle tealight holder incense candlestick",
    home.diffuser: "diffuser",
    home.clock: "clock watch timer",
    home.vase: "vase bunch dried",
    home.art: "print poster frame picture painting photo canvas decoration wall",
    home.mirror: "mirror",
    home.chair: "chair",
    home.armchair: "armchair lounge sofa rocking",
    home.stool: "stool",
    home.table: "table desk",
    home.shelf: "shelf bookcase rack cabinet shelving drawer",
    home.basket: "basket crate hamper",
    home.cushion: "cushion bolster pad pillow",
    home.blanket: "blanket throw quilt bedspread fabric cloth tablecloth napkin",
    home.bed: "bed duvet sheet pillowcase linen bedding",
    home.rug: "rug doormat runner carpet mat",
    home.towel: "towel flannel apron",
    garden.plant: "plant lily palm ivy rubber",
    garden.monstera: "monstera",
    garden.fern: "fern",
    garden.snake_plant: "aloe",
    garden.cactus: "cactus succulent",
    garden.tree: "tree fig",
    garden.planter: "planter trough garden",
    garden.flower: "flower rose daisy tulip blossom petal cosmos poppy allium sunflower",
    garden.watering_can: "watering",
    garden.trowel: "trowel",
    garden.fork: "fork pitchfork",
    garden.spade: "spade shovel",
    garden.rake: "rake hoe",
    garden.dibber: "dibber",
    garden.shears: "secateurs shears pruner",
    garden.birdhouse: "birdhouse feeder nest hotel nestbox",
    garden.bird: "bird owl robin hen dove parrot",
    garden.dog_bowl: "dogbowl",
    garden.dog: "dog puppy spaniel",
    garden.bone: "bone chew",
    garden.carrot: "carrot",
    garden.mouse: "mouse",
    garden.cage: "birdcage",
    garden.collar: "collar lead leash",
    garden.pet_bed: "petbed",
    garden.cat_tree: "scratching cat catnip wand tunnel",
    garden.fish: "fish tank aquarium goldfish",
    garden.hutch: "hutch cage hamster house",
    leisure.book: "book novel guide cookbook diary edition paperback",
    leisure.books: "books library",
    leisure.record: "lp ep vinyl record album cd music",
    leisure.turntable: "turntable player preamp gramophone",
    leisure.headphones: "headphones headphone headset",
    leisure.earbuds: "earbud earphone",
    leisure.speaker: "speaker soundbar radio",
    leisure.microphone: "microphone interface",
    leisure.dice: "dice die",
    leisure.cards: "cards quiz poker",
    leisure.game_box: "game chess ludo domino starter",
    leisure.puzzle: "jigsaw puzzle",
    leisure.bear: "bear puppet teddy doll toy",
    leisure.rabbit: "rabbit bunny",
    leisure.fox: "fox",
    leisure.penguin: "penguin",
    leisure.elephant: "elephant",
    leisure.blocks: "block brick building kit model tile sorter",
    leisure.rings: "ring",
    leisure.train: "train",
    leisure.car: "car truck bus van",
    leisure.rocket: "rocket space",
    leisure.kite: "kite",
    leisure.duck: "duck",
    leisure.ball: "ball football basketball volleyball",
    outdoors.tent: "tent tarp shelter bivvy camping",
    outdoors.sleeping_bag: "sleepingbag liner",
    outdoors.roll: "roll yoga roller wrap",
    outdoors.backpack: "backpack pack rucksack satchel schoolbag",
    outdoors.bottle: "bottle flask thermos",
    outdoors.stove: "stove burner",
    outdoors.torch: "torch flashlight",
    outdoors.lantern: "lantern",
    outdoors.compass: "compass map whistle",
    outdoors.binoculars: "binoculars telescope",
    outdoors.bicycle: "bike bicycle",
    outdoors.helmet: "helmet",
    outdoors.lock: "lock padlock",
    outdoors.bike_light: "headlight",
    outdoors.bell: "bell",
    outdoors.pump: "pump",
    outdoors.tool: "tool puncture stand spanner screwdriver knifeset",
    outdoors.pannier: "pannier saddlebag luggage purse wallet case",
    outdoors.kettlebell: "kettlebell dumbbell weight",
    outdoors.bands: "band strap",
    outdoors.rope: "rope skipping",
    outdoors.racket: "racket badminton tennis",
    outdoors.bat: "bat",
    outdoors.shoe: "shoe trainer boot slipper",
    outdoors.goggles: "goggles glasses sunglasses",
    outdoors.cap: "cap hat beanie",
    outdoors.block: "yogablock",
    care.pump_bottle: "wash lotion conditioner shampoo gel sanitiser cleanser",
    care.jar: "cream balm mask scrub jar butter food honey jam",
    care.tube: "tube toothpaste sunscreen",
    care.dropper: "oil serum drops",
    care.lipstick: "lipstick lip makeup",
    care.soap: "soap bar",
    care.perfume: "parfum perfume cologne toilette fragrance scent",
    care.brush: "brush comb hairbrush",
    care.notebook: "notebook journal sketchbook planner notepad pad calendar address organiser",
    care.pencil: "pencil crayon chalk",
    care.pen: "pen nib",
    care.ink_bottle: "ink",
    care.paints: "watercolour gouache paint palette",
    care.brushes: "calligraphy lino brushes",
    care.card: "card postcard letter envelope invitation sticker",
    care.gift: "gift wrapping present paper",
    care.tag: "tag label voucher",
    care.ribbon: "ribbon tape twine",
    care.pencil_case: "pencilcase",
    general.bag: "bag tote shopper lunchbag",
    general.box: "box container storage",
    general.heart: "heart love",
    general.star: "star christmas",
    general.sign: "sign plaque door hook chalkboard",
    general.bunting: "bunting garland flag banner party",
    general.umbrella: "umbrella parasol",
    general.shirt: "shirt t-shirt jumper coat jacket dress sock glove scarf apron",
    general.ornament: "bauble ornament",
    general.key: "key keyring knob",
    general.film: "film movie dvd",
    general.necklace: "necklace bracelet earring jewellery charm bead",
}
# Words that mislead when taken one by one.
PHRASES: dict[Motif, str] = {
    outdoors.sleeping_bag: "sleeping bag, bag liner",
    kitchen.teapot: "tea infuser",
    outdoors.roll: "sleeping mat, inflatable mat, yoga mat, balance board, foam roller",
    outdoors.block: "yoga block",
    home.floor_lamp: "floor lamp",
    home.desk_lamp: "desk lamp, reading lamp",
    home.pendant: "pendant light, wall light",
    outdoors.bike_light: "front light, rear light, light set",
    garden.fish: "aquarium light, goldfish bowl, fish food, aquarium plant",
    home.bulb: "night light",
    outdoors.torch: "head torch",
    home.basket: "bike basket",
    outdoors.bell: "bike bell",
    garden.dog_bowl: "dog bowl, cat bowl",
    garden.pet_bed: "dog bed, cat bed",
    garden.cat_tree: "cat tree, cat tunnel",
    garden.hutch: "pig tunnel, hamster house, hay feeder",
    garden.birdhouse: "hedgehog house, bird house, bird feeder, nest box, bee hotel",
    garden.bird: "bird bath",
    garden.snake_plant: "snake plant",
    garden.cage: "bird cage",
    garden.mouse: "catnip mouse",
    garden.dog: "dog coat",
    garden.rope_toy: "rope toy",
    garden.carrot: "carrot chew",
    garden.plant: "plant stand, plant pot, string of hearts",
    garden.planter: "window box",
    garden.monstera: "rubber plant",
    garden.watering_can: "watering can",
    kitchen.rolling_pin: "rolling pin",
    kitchen.cake: "cake tin, loaf tin, bundt tin, cake stand",
    kitchen.bowl: "mixing bowl",
    kitchen.pan: "pie dish",
    kitchen.moka: "moka pot",
    kitchen.press: "cold brew jar",
    kitchen.coffee: "espresso blend",
    outdoors.bottle: "water bottle, sports bottle, hot water bottle",
    general.box: "cool box, lunch box, trinket box",
    outdoors.compass: "map case",
    care.pencil_case: "pencil case",
    leisure.turntable: "phono preamp",
    leisure.record: "record brush, record crate",
    leisure.microphone: "microphone arm, pop filter",
    leisure.cards: "card game, playing cards, memory cards",
    leisure.game_box: "starter box",
    leisure.dice: "dice tray, dice tower",
    leisure.blocks: "brick box",
    leisure.ball: "bubble set, sand set, croquet set, tennis balls, massage ball, medicine ball",
    outdoors.racket: "badminton set",
    outdoors.pannier: "running belt",
    outdoors.cap: "swim cap",
    home.cushion: "meditation cushion",
    care.paints: "watercolour set, gouache set",
    care.brushes: "brush set, calligraphy set, printing kit",
    care.notebook: "sketch pad",
    care.card: "letter set, greeting card",
    care.tag: "gift tags",
    care.soap: "shampoo bar",
    care.jar: "solid perfume",
    care.dropper: "hair oil, bath oil, face oil, chain oil",
    care.lipstick: "lip balm",
    care.tube: "hand cream, sun lotion, face mask, sleep mask",
    kitchen.pouch: "dog biscuits, seed mix",
    care.ink_bottle: "bottled ink",
    kitchen.board: "chopping board",
    home.art: "art print",
    kitchen.glass: "wine glass",
    outdoors.tool: "repair stand, puncture kit",
    home.shelf: "coat rack",
    general.bag: "lunch bag, gift bag",
    home.towel: "tea towel",
    general.heart: "wicker heart",
    general.key: "key ring, key fob, key chain",
    home.vase: "dried flower",
    home.candle: "light holder, t light",
}
# Aisles and departments in which a title says nothing of what the thing looks like.
AISLES: dict[str, tuple[Motif, ...]] = {
    "books": (leisure.book, leisure.book, leisure.book, leisure.book, leisure.books),
    "vinyl records": (leisure.record,),
    "coffee beans": (kitchen.coffee,),
    "loose tea": (kitchen.tin, kitchen.tin, kitchen.pouch),
    "seeds & bulbs": (kitchen.pouch, kitchen.pouch, garden.flower),
    "jigsaw puzzles": (leisure.puzzle,),
    "board games": (leisure.game_box,),
    "building sets": (leisure.blocks,),
}
# Where titles are the names of works, not of things: a film called Babe is no pig.
WORKS = {
    "action", "adventure", "animation", "children's", "comedy", "crime", "documentary", "drama", "fantasy",
    "film-noir", "horror", "musical", "mystery", "romance", "sci-fi", "thriller", "war", "western",
}  # fmt: skip
# A phrase that ends the thing's own name: what follows says what it is like.
AFTER = re.compile(r",| with | for | in | \(", re.IGNORECASE)
LETTERS = re.compile(r"[^\W\d_]+")
_BY_WORD = {word: motif for motif, words in WORDS.items() for word in words.split()}
_BY_PHRASE = {phrase: motif for motif, phrases in PHRASES.items() for phrase in phrases.split(", ")}


def motifs_for(title: str, aisle: str, department: str) -> tuple[Motif, ...]:
    """What may be drawn for a product, any of them; empty when no word says anything."""
    for place in (aisle, department):
        if place.lower() in AISLES:
            return AISLES[place.lower()]
        if place.lower() in WORKS:
            return ()
    named = AFTER.split(title)[0]
    for text in (named, title, aisle, department):
        motif = _motif_in(text)
        if motif is not None:
            return (motif,)
    return ()


def _motif_in(text: str) -> Motif | None:
    words = [word.lower() for word in LETTERS.findall(text)]
    for end in range(len(words), 0, -1):
        for start in (end - 3, end - 2):
            phrase = " ".join(words[max(0, start) : end])
            for singular in (phrase, phrase.removesuffix("s")):
                if singular in _BY_PHRASE:
                    return _BY_PHRASE[singular]
        word = words[end - 1]
        for singular in (word, word.removesuffix("s"), word.removesuffix("es")):
            if singular in _BY_WORD:
                return _BY_WORD[singular]
    return None


def all_motifs() -> list[Motif]:
    """Every motif there is, once."""
    return list(dict.fromkeys(chain(WORDS, PHRASES, *AISLES.values())))
