//! Upper and lower case, word by word.

/// Words that are another word without their capital. At the start of a text the capital says nothing.
const CAPITAL_MATTERS: &[&str] = &[
    // English
    "Alexa", "Amazon", "Apple", "Arch", "August", "Bill", "Bing", "Bison", "Bush", "China", "Chuck",
    "Cook", "Dart", "Drew", "Elm", "Excel", "Flask", "Frank", "Gates", "Gene", "Go", "Grace",
    "Grant", "Guinea", "Hope", "Ion", "Jack", "Java", "Job", "Jobs", "Julia", "March", "Mark",
    "Mars", "Maven", "May", "Meta", "Mercury", "Miles", "Mint", "Mobile", "Nice", "None", "Null",
    "Nest", "Notes", "Office", "Orange", "Pat", "Pearl", "Pages", "Piers", "Polish", "Python",
    "Ray", "Reading", "Ring", "Rob", "Rocket", "Rose", "Ruby", "Rust", "Safari", "Saturn",
    "Scratch", "Shell", "Signal", "Slack", "Spark", "Spring", "Square", "Stripe", "Sue", "Swift",
    "Target", "Teams", "Titanic", "True", "False", "Turkey", "Visa", "Will", "Windows", "Word",
    "Zoom", // German: the polite pronouns
    "Sie", "Ihr", "Ihre", "Ihrem", "Ihren", "Ihrer", "Ihnen",
];

/// Words after which `I` can only be the pronoun; anywhere else it may be a name (a current, a set, a numeral).
const BEFORE_PRONOUN: &[&str] = &[
    "am", "and", "because", "before", "but", "can", "could", "did", "do", "had", "have", "how",
    "if", "may", "might", "must", "shall", "should", "since", "that", "until", "was", "what",
    "when", "where", "whether", "which", "while", "who", "why", "will", "would",
];

/// Appends `prose` with its Capitalised words in lower case. `at_start`: its first word is the first of the text.
pub(super) fn fold(prose: &str, at_start: bool, out: &mut String) {
    let mut initial = at_start;
    let mut before = "";
    for token in prose.split_inclusive([' ', '\n']) {
        let word = token.trim_end_matches([' ', '\n']);
        match capitalised(word, before, initial) {
            Some(lower) => {
                let (lead, rest) = token.split_at(lead_len(token));
                out.push_str(lead);
                out.push(lower);
                out.extend(rest.chars().skip(1));
            }
            None => out.push_str(token),
        }
        initial &= word.is_empty();
        before = word;
    }
}

/// The lower-case form of the word's first letter, if the word is an ordinary one that only begins with a capital.
fn capitalised(word: &str, before: &str, initial: bool) -> Option<char> {
    let (_, core) = word.split_at(lead_len(word));
    let core = core.trim_end_matches([',', '.', ':', '!', '?', ')', ']', '。']);
    let mut letters = core.chars();
    let first = letters.next().filter(|c| c.is_uppercase())?;
    let rest = letters.as_str();
    let ordinary = rest
        .chars()
        .all(|c| (c.is_alphabetic() && !c.is_uppercase()) || matches!(c, '\'' | '’' | '-'));
    if !ordinary {
        return None;
    }
    if rest.is_empty() {
        let pronoun = first == 'I'
            && (initial
                || BEFORE_PRONOUN
                    .iter()
                    .any(|w| w.eq_ignore_ascii_case(before)));
        return pronoun.then_some('i');
    }
    if !initial && CAPITAL_MATTERS.contains(&core) {
        return None;
    }
    let mut lower = first.to_lowercase();
    let only = lower.next();
    // A letter whose small form is two characters (İ) stays.
    lower.next().is_none().then_some(only).flatten()
}

/// Opening marks before a word. A hyphen is none: `-Name` is an option.
fn lead_len(word: &str) -> usize {
    word.len()
        - word
            .trim_start_matches(['(', '[', '¿', '¡', '–', '—'])
            .len()
}
