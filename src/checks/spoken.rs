//! Which languages a conversation is about or in, as far as it decides which scripts may turn up.

use super::{Exchange, clip, prose};
use crate::model::finding::Script;

/// Frequent words of languages in Latin letters.
const PLAIN: [&str; 110] = [
    "the", "of", "and", "to", "in", "is", "are", "what", "how", "why", "for", "you", "with", "can",
    "your", "this", "that", "was", "from", "who", "which", "give", "write", "a", "an", "i", "my",
    "me", "we", "it", "do", "does", "did", "have", "has", "on", "at", "be", "by", "or", "if", "as",
    "not", "when", "where", "should", "would", "could", "will", "about", "please", "explain",
    "tell", "make", "list", "find", "describe", "create", "there", "some", "between", "der", "die",
    "das", "und", "ist", "wie", "ein", "eine", "nicht", "mit", "für", "von", "warum", "ich", "le",
    "la", "les", "des", "est", "une", "un", "pour", "comment", "dans", "qui", "que", "el", "los",
    "las", "es", "por", "para", "cómo", "qué", "una", "il", "di", "che", "come", "per", "o", "os",
    "um", "uma", "não", "het", "een", "wat", "de",
];

/// Words of Hindi, Urdu, Russian, Arabic, Greek, Thai, Japanese, Korean, Chinese as people write them in Latin letters.
/// Their answers come in the script of the language.
const SPELLED: [&str; 32] = [
    "hai", "hain", "kya", "kaise", "mujhe", "nahi", "nahin", "aur", "batao", "karo", "kar", "ke",
    "ki", "ko", "ka", "kak", "chto", "eto", "dlya", "pochemu", "kayf", "kif", "shu", "einai",
    "krub", "krap", "khrap", "desu", "nani", "haseyo", "shenme", "zenme",
];

/// Whether it is certain that a question in Latin letters is in a language of those letters.
pub(super) fn is_plain(asked: &str) -> bool {
    let (mut all, mut known) = (0, 0);
    for word in prose::words(clip::head(asked, 1024)) {
        let is_one_of = |list: &[&str]| list.iter().any(|w| w.eq_ignore_ascii_case(word));
        if is_one_of(&SPELLED) {
            return false;
        }
        all += 1;
        known += u32::from(is_one_of(&PLAIN));
    }
    known >= 2 && known * 5 >= all
}

/// Other scripts were asked for, or are to be expected with the subject.
pub(super) fn is_expected(x: &Exchange<'_>, script: Script) -> bool {
    const ANY: [&str; 26] = [
        "translat",
        "language",
        "lingual",
        "alphabet",
        "unicode",
        "transliterat",
        "etymolog",
        "calligraph",
        "tattoo",
        "übersetz",
        "sprache",
        "tradu",
        "langue",
        "idioma",
        "lingua",
        "língua",
        "перев",
        "язык",
        "алфавит",
        "翻译",
        "翻訳",
        "语",
        "語",
        "번역",
        "언어",
        "ترجم",
    ];
    x.mentions(&ANY) || x.mentions(names(script))
}

const fn names(script: Script) -> &'static [&'static str] {
    match script {
        Script::Latin => &[],
        Script::Greek => &["greek", "greece", "griech", "grec", "grieg", "греч", "希腊"],
        Script::Cyrillic => &[
            "cyrillic", "russ", "ukrain", "belarus", "bulgar", "serb", "macedon", "kazakh",
            "kyrgyz", "mongol", "soviet", "slav", "tajik", "俄",
        ],
        Script::Armenian => &["armenia"],
        Script::Hebrew => &[
            "hebrew", "israel", "jew", "torah", "bibl", "yiddish", "kabbal", "challah", "kosher",
        ],
        Script::Arabic => &[
            "arab", "islam", "muslim", "quran", "koran", "persia", "farsi", "iran", "urdu",
            "pakistan", "afghan", "egypt", "uyghur", "ottoman",
        ],
        Script::Devanagari => &[
            "hindi",
            "india",
            "sanskrit",
            "nepal",
            "marathi",
            "devanagari",
            "yoga",
            "veda",
            "hindu",
        ],
        Script::Bengali => &["bengal", "bangla", "assam", "india"],
        Script::Indic => &[
            "india",
            "punjab",
            "gurmukh",
            "gujarat",
            "tamil",
            "telugu",
            "kannada",
            "malayalam",
            "sinhal",
            "sri lanka",
            "odia",
            "oriya",
            "kerala",
            "sikh",
        ],
        Script::Thai => &["thai", "siam", "bangkok", "ไทย", "泰"],
        Script::SoutheastAsian => &["lao", "khmer", "cambod", "burm", "myanmar", "tibet"],
        Script::Georgian => &["georgia", "tbilisi"],
        Script::Hangul => &[
            "korea", "hangul", "kpop", "k-pop", "kimchi", "seoul", "韩", "韓", "朝鲜",
        ],
        Script::Ethiopic => &["ethiop", "amhar", "tigri", "eritrea"],
        Script::Kana => &[
            "japan", "kana", "hiragana", "katakana", "kanji", "anime", "manga", "haiku", "aikido",
            "karate", "judo", "tokyo", "sushi", "日",
        ],
        Script::Han => &[
            "chin",
            "mandarin",
            "cantonese",
            "hanzi",
            "kanji",
            "hanja",
            "japan",
            "taiwan",
            "hong kong",
            "korea",
            "vietnam",
            "tao",
            "confuc",
            "kung fu",
            "tai chi",
            "feng shui",
            "anime",
            "manga",
            "haiku",
            "aikido",
            "karate",
            "judo",
            "zen",
            "beijing",
            "shanghai",
            "tokyo",
            "한자",
            "중국",
            "일본",
            "кита",
            "япон",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_says_its_language_by_its_small_words() {
        for plain in [
            "How do I reset my password when I no longer have access to my email?",
            "Was ist der Unterschied zwischen Nebel und Dunst?",
            "¿Qué es la fotosíntesis y para qué sirve?",
            "Pourquoi est-ce que les feuilles tombent ?",
        ] {
            assert!(is_plain(plain), "{plain}");
        }
        for unclear in [
            "",
            "Hello there",
            "is ke bare me batao ki what to do",
            "kak eto rabotaet",
            "xin chào bạn",
            "println!",
        ] {
            assert!(!is_plain(unclear), "{unclear}");
        }
    }

    #[test]
    fn every_script_but_latin_has_names() {
        let all = Script::ALL.into_iter();
        assert!(
            all.map(|s| (s, names(s)))
                .all(|(s, n)| n.is_empty() == (s == Script::Latin))
        );
    }
}
