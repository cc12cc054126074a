//! What the judge knows about languages: scripts, small words, and which of them cannot stand next to each other.

use std::{collections::HashSet, sync::LazyLock};

/// Families of letters that a reader sees at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Cyrillic,
    Greek,
    Arabic,
    Hebrew,
    Devanagari,
    EastAsian,
    Other,
}

impl Script {
    pub(super) const ALL: [Self; 8] = [
        Self::Latin,
        Self::Cyrillic,
        Self::Greek,
        Self::Arabic,
        Self::Hebrew,
        Self::Devanagari,
        Self::EastAsian,
        Self::Other,
    ];
}

pub(super) fn script_of(c: char) -> Option<Script> {
    if !c.is_alphabetic() {
        return None;
    }
    Some(match u32::from(c) {
        0x41..=0x24f | 0x1e00..=0x1eff => Script::Latin,
        0x370..=0x3ff | 0x1f00..=0x1fff => Script::Greek,
        0x400..=0x52f => Script::Cyrillic,
        0x590..=0x5ff => Script::Hebrew,
        0x600..=0x77f => Script::Arabic,
        0x900..=0x97f => Script::Devanagari,
        0x3040..=0x30ff | 0x3400..=0x9fff | 0xac00..=0xd7af => Script::EastAsian,
        _ => Script::Other,
    })
}

/// A language by its commonest small words.
struct Language {
    name: &'static str,
    small: &'static str,
}

/// The small words of a language, for looking up.
pub(super) struct Words(HashSet<&'static str>);

impl Words {
    fn of(list: &'static str) -> Self {
        Self(list.split_whitespace().collect())
    }

    pub(super) fn has(&self, word: &str) -> bool {
        self.0.contains(word)
    }
}

static SMALL: LazyLock<Vec<(&'static str, Words)>> = LazyLock::new(|| {
    LANGUAGES
        .iter()
        .map(|l| (l.name, Words::of(l.small)))
        .collect()
});

/// Every language that the judge can tell, with its small words.
pub(super) fn languages() -> &'static [(&'static str, Words)] {
    &SMALL
}

pub(super) fn is_small_english(word: &str) -> bool {
    SMALL.first().is_some_and(|(_, words)| words.has(word))
}

const LANGUAGES: [Language; 8] = [
    Language {
        name: "english",
        small: "the of and to in a is that for it as was with be by on not he his but at are this have from or had an \
            they which you were her she there been their we has will would more when if who so no can my your its do \
            does how what why i me our us them these those into than then out up about after before between only one \
            also any all some most other such over each",
    },
    Language {
        name: "german",
        small: "der die das und ist nicht ein eine einen einem einer zu den dem des mit sich von auf für im es an wird \
            werden auch als nach bei aus wie oder aber wir sie ihr ihre ihren ich er hat haben sind war wurde kann um \
            am zum zur noch nur wenn dass weil über vor durch bis ihnen mir",
    },
    Language {
        name: "french",
        small: "le la les des du de et est un une dans pour que qui ne pas sur au aux avec ce cette ces il elle nous \
            vous votre notre par plus en sont été être se son sa ses ou mais leur dans à y d l n'est c'est",
    },
    Language {
        name: "spanish",
        small: "el la los las de del y en que un una por con para es no se su sus lo al como más pero le ha fue son \
            está este esta nos o si cuando muy sin sobre ser",
    },
    Language {
        name: "italian",
        small: "il lo la i gli le di del della e è che un una per con non in si su al sono come più ma da dei delle \
            nel nella ha questo questa o se anche",
    },
    Language {
        name: "portuguese",
        small: "o a os as de do da dos das e é que um uma para com não em no na se por mais mas como ao são foi seu \
            sua ou este esta",
    },
    Language {
        name: "dutch",
        small: "de het een en van is in te dat niet op met voor zijn aan er om ook als maar dan bij door naar uit nog \
            wel wordt worden deze hij zij wij u uw",
    },
    Language {
        name: "latin",
        small: "et in est non ad ut cum sed ex qui quae quod sit amet dolor ipsum lorem sed do ut enim quis nisi nulla \
            tempor incididunt labore dolore magna aliqua consectetur adipiscing elit",
    },
];

/// In English, these announce a noun: what follows cannot be one of [`CANNOT_FOLLOW`].
const ANNOUNCES: &str = "the a an my your his their our its every";
const CANNOT_FOLLOW: &str = "the a an of is are was were and or but to in for with that it they he she we by from at \
    be been has have had not on as if my your his their our its this these those will would can could i you them us me \
    than then so because";

/// These ask for something behind them: a verb or a conjunction cannot come.
const LEANS: &str = "of from into with for at by";
const CANNOT_LEAN: &str =
    "is are was were and or but of be been has have had will would can could than if";

static JOINTS: LazyLock<[Words; 4]> =
    LazyLock::new(|| [ANNOUNCES, CANNOT_FOLLOW, LEANS, CANNOT_LEAN].map(Words::of));

/// Whether a word needs a partner behind it, and whether this one can be it.
pub(super) fn joint(first: &str, second: &str) -> Option<bool> {
    let [announces, cannot_follow, leans, cannot_lean] = &*JOINTS;
    if announces.has(first) {
        Some(!cannot_follow.has(second))
    } else if leans.has(first) {
        Some(!cannot_lean.has(second))
    } else {
        None
    }
}
