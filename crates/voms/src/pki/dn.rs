//! Distinguished names: read from certificates or the slash form, and compared as parsed names
//! (RFC 5280 section 7.1).

use std::fmt;
use std::sync::{Arc, OnceLock};

use der::Tagged;
use x509_cert::der::Tag;
use x509_cert::der::asn1::{Any, ObjectIdentifier};
use x509_cert::name::Name;

use crate::pki::labels::{begins_label, label_of, label_oid};

/// One attribute of a name: its type, and its value as text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Ava {
    oid: ObjectIdentifier,
    value: String,
}

impl Ava {
    fn from_any(oid: ObjectIdentifier, value: &Any) -> Self {
        let bytes = value.value();
        let value = match value.tag() {
            Tag::BmpString => {
                let units: Vec<u16> = bytes
                    .chunks_exact(2)
                    .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                    .collect();
                String::from_utf16_lossy(&units)
            }
            _ => text(bytes),
        };
        Self { oid, value }
    }

    fn matches(&self, other: &Self) -> bool {
        self.oid == other.oid
            && (self.value == other.value || canonical(&self.value) == canonical(&other.value))
    }
}

/// UTF-8 if valid, otherwise Latin-1, which T61String and old tools use.
fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(
        |_| bytes.iter().copied().map(char::from).collect(),
        str::to_owned,
    )
}

/// The form RFC 5280 section 7.1 and OpenSSL compare: ignoring ASCII case and runs of blanks.
fn canonical(value: &str) -> String {
    value
        .split_ascii_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_ascii_lowercase()
}

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// A distinguished name: a sequence of RDNs, each a set of attributes, in certificate order.
///
/// `==` is exact; trust decisions use [`Dn::matches`].
///
/// ```
/// use voms::pki::dn::Dn;
///
/// let printed = Dn::parse("/C=IT/O=INFN/CN=Ada Rossi").unwrap();
/// assert!(printed.matches(&Dn::parse("/c=it/o=infn/cn=ada  rossi").unwrap()));
/// assert_eq!(printed.rfc2253(), "CN=Ada Rossi,O=INFN,C=IT");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Dn {
    /// Shared, since every finding carries a name.
    rdns: Arc<Rdns>,
}

/// The RDNs, and their canonical form once they have been compared: a stranger may show the same
/// long name a hundred times.
#[derive(Debug, Default)]
struct Rdns {
    all: Vec<Vec<Ava>>,
    canonical: OnceLock<Vec<Vec<(ObjectIdentifier, String)>>>,
    /// The slash form, and that which policies compare.
    slash: OnceLock<String>,
    comparable: OnceLock<String>,
}

impl Rdns {
    fn new(all: Vec<Vec<Ava>>) -> Arc<Self> {
        Arc::new(Self {
            all,
            ..Self::default()
        })
    }

    /// Each RDN as a sorted set.
    fn canonical(&self) -> &[Vec<(ObjectIdentifier, String)>] {
        self.canonical.get_or_init(|| {
            let set = |rdn: &Vec<Ava>| {
                let avas = rdn.iter().map(|ava| (ava.oid, canonical(&ava.value)));
                let mut set: Vec<_> = avas.collect();
                set.sort();
                set
            };
            self.all.iter().map(set).collect()
        })
    }
}

impl std::ops::Deref for Rdns {
    type Target = Vec<Vec<Ava>>;

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl PartialEq for Rdns {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

impl Eq for Rdns {}

impl std::hash::Hash for Rdns {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.all.hash(state);
    }
}

impl Dn {
    /// Reads the name of a certificate.
    #[must_use]
    pub fn from_name(name: &Name) -> Self {
        let rdns = name
            .iter_rdn()
            .map(|rdn| {
                rdn.iter()
                    .map(|ava| Ava::from_any(ava.oid, &ava.value))
                    .collect()
            })
            .collect();
        Self {
            rdns: Rdns::new(rdns),
        }
    }

    /// Parses the slash form, `/C=IT/O=INFN/CN=host/voms.example.org`.
    ///
    /// A `/` begins a new RDN, and a `+` another attribute of the same one, only if followed by a
    /// known label (in any case, including other tools' aliases) or a dotted OID, and `=`. `\/`,
    /// `\+` and `\xHH` are unescaped. `None` if the text does not begin with such a label.
    #[must_use]
    pub fn parse(slash: &str) -> Option<Self> {
        let slash = slash.trim();
        if !slash.starts_with('/') {
            return None;
        }
        let mut rdns: Vec<Vec<(ObjectIdentifier, String)>> = Vec::new();
        for (separator, piece) in pieces(slash) {
            match labelled(piece) {
                Some(ava) if separator == '/' => rdns.push(vec![ava]),
                Some(ava) => rdns.last_mut()?.push(ava),
                None => {
                    let (_, value) = rdns.last_mut()?.last_mut()?;
                    value.push(separator);
                    value.push_str(piece);
                }
            }
        }
        let rdn = |avas: &Vec<(ObjectIdentifier, String)>| {
            let ava = |(oid, value): &(ObjectIdentifier, String)| Ava {
                oid: *oid,
                value: unescape(value),
            };
            avas.iter().map(ava).collect()
        };
        Some(Self {
            rdns: Rdns::new(rdns.iter().map(rdn).collect()),
        })
    }

    /// Whether both name the same entity: the same RDNs, with values compared ignoring ASCII case
    /// and runs of blanks.
    ///
    /// A multi-valued RDN is not the same as several RDNs: two CAs may give them to two people.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rdns, &other.rdns)
            || self.rdns.len() == other.rdns.len()
                && self.rdns.canonical() == other.rdns.canonical()
    }

    /// Like [`Dn::matches`], but a multi-valued RDN also matches its attributes as separate RDNs,
    /// as OpenSSL before 3.0 and Java print it. Only for looking up names that such tools wrote: it
    /// decides no trust.
    #[must_use]
    pub fn matches_as_printed(&self, other: &Self) -> bool {
        let (a, b): (Vec<_>, Vec<_>) = (
            self.rdns.iter().flatten().collect(),
            other.rdns.iter().flatten().collect(),
        );
        a.len() == b.len() && a.iter().zip(&b).all(|(x, y)| x.matches(y))
    }

    /// The RFC 2253 form, last RDN first, without separating blanks: `CN=Ada Lovelace,O=Lab,C=IT`.
    #[must_use]
    pub fn rfc2253(&self) -> String {
        let ava = |ava: &Ava| format!("{}={}", label_of(ava.oid), escaped(&ava.value));
        let rdn = |rdn: &Vec<Ava>| rdn.iter().map(ava).collect::<Vec<_>>().join("+");
        self.rdns
            .iter()
            .rev()
            .map(rdn)
            .collect::<Vec<_>>()
            .join(",")
    }

    /// The slash form for people and for JSON: every character as it is written. Unlike the form of
    /// `Display`, it is not meant to be parsed, and it may contain control characters.
    ///
    /// ```
    /// # use voms::pki::dn::Dn;
    /// let printed = Dn::parse(r"/O=Gro\xC3\x9F/CN=J\xC3\xBCrgen").unwrap();
    /// assert_eq!(printed.as_written(), "/O=Groß/CN=Jürgen");
    /// ```
    #[must_use]
    pub fn as_written(&self) -> String {
        let ava = |ava: &Ava| format!("{}={}", label_of(ava.oid), ava.value);
        let rdn = |rdn: &Vec<Ava>| rdn.iter().map(ava).collect::<Vec<_>>().join("+");
        self.rdns
            .iter()
            .map(|avas| format!("/{}", rdn(avas)))
            .collect()
    }

    /// If this name is `issuer`'s plus exactly one RDN with a single common name, that common name
    /// (RFC 3820 section 3.4).
    #[must_use]
    pub fn common_name_below(&self, issuer: &Self) -> Option<&str> {
        let (last, rest) = self.rdns.split_last()?;
        let [ava] = last.as_slice() else { return None };
        let below = rest.len() == issuer.rdns.len()
            && self.rdns.canonical().starts_with(issuer.rdns.canonical());
        (ava.oid == COMMON_NAME && below).then_some(ava.value.as_str())
    }

    /// How many RDNs with a single common name this name has more than `upper`; `None` if it does
    /// not consist of that name and such RDNs. The names of a user's proxies are so (RFC 3820
    /// section 3.4), and zero stands for the same name.
    #[must_use]
    pub fn common_names_below(&self, upper: &Self) -> Option<usize> {
        let more = self.rdns.get(upper.rdns.len()..)?;
        let is_common_name =
            |rdn: &Vec<Ava>| matches!(rdn.as_slice(), [ava] if ava.oid == COMMON_NAME);
        let below = more.iter().all(is_common_name)
            && self.rdns.canonical().starts_with(upper.rdns.canonical());
        below.then_some(more.len())
    }

    /// The last common name.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.rdns
            .iter()
            .flatten()
            .rev()
            .find(|ava| ava.oid == COMMON_NAME)
            .map(|ava| ava.value.as_str())
    }

    /// Whether the name has no RDN at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rdns.is_empty()
    }
}

/// The pieces behind unescaped separators, each with the separator in front of it.
fn pieces(text: &str) -> Vec<(char, &str)> {
    let mut starts = Vec::new();
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if matches!(c, '/' | '+') && !escaped {
            starts.push((at, c));
        }
        escaped = c == '\\' && !escaped;
    }
    let ends = starts.iter().skip(1).map(|(at, _)| *at);
    let ends = ends.chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|((at, c), end)| (*c, &text[at + 1..end]))
        .collect()
}

fn labelled(piece: &str) -> Option<(ObjectIdentifier, String)> {
    let (label, value) = piece.split_once('=')?;
    Some((label_oid(label)?, value.to_owned()))
}

fn unescape(value: &str) -> String {
    text(&unescaped_bytes(value, b"/+\\"))
}

/// Decodes `\xHH` to its byte, and drops a backslash before any of `plain`.
pub(crate) fn unescaped_bytes(value: &str, plain: &[u8]) -> Vec<u8> {
    let bytes = value.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match &bytes[at..] {
            [b'\\', b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.extend(hex::decode([*high, *low]).unwrap_or_default());
                at += 4;
            }
            [b'\\', c, ..] if plain.contains(c) => {
                out.push(*c);
                at += 2;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    out
}

impl Dn {
    fn slash_form(&self) -> String {
        let mut out = String::new();
        for rdn in self.rdns.iter() {
            for (i, ava) in rdn.iter().enumerate() {
                out.push(if i == 0 { '/' } else { '+' });
                out.push_str(&label_of(ava.oid));
                out.push('=');
                for (at, byte) in ava.value.bytes().enumerate() {
                    match byte {
                        b'/' | b'+' if begins_label(&ava.value[at + 1..]) => escape(&mut out, byte),
                        b' '..=b'[' | b']'..=b'~' => out.push(char::from(byte)),
                        _ => escape(&mut out, byte),
                    }
                }
            }
        }
        out
    }

    /// The form that policies compare, which they make of the slash form.
    pub(crate) fn comparable(&self, make: fn(&str) -> String) -> &str {
        let text = || make(&self.to_string());
        self.rdns.comparable.get_or_init(text)
    }
}

fn escape(out: &mut String, byte: u8) {
    out.push_str(&format!("\\x{byte:02X}"));
}

/// The slash form used in vomses, LSC and grid-map files: OpenSSL's labels, `/` inside values
/// unescaped, every byte that is not printable ASCII as `\xHH`. The same goes for what would be
/// misread: a backslash, and a `/` or `+` before what looks like a label.
/// A precision is the most characters of it that are wanted: `{:.200}`.
impl fmt::Display for Dn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.rdns.slash.get_or_init(|| self.slash_form());
        // It is ASCII.
        match f.precision().and_then(|most| all.split_at_checked(most)) {
            Some((beginning, rest)) if !rest.is_empty() => write!(f, "{beginning}…"),
            _ => f.write_str(all),
        }
    }
}

/// Escapes a value as RFC 2253 section 2.4 requires.
fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut out = String::with_capacity(value.len());
    for (at, c) in value.chars().enumerate() {
        let at_an_end = c == ' ' && (at == 0 || at == last);
        if at_an_end
            || matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';')
            || (c == '#' && at == 0)
        {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dn(text: &str) -> Dn {
        Dn::parse(text).unwrap()
    }

    fn name(rdns: &[&[(&str, &str)]]) -> Dn {
        let ava = |(oid, value): &(&str, &str)| Ava {
            oid: ObjectIdentifier::new_unwrap(oid),
            value: (*value).to_owned(),
        };
        let rdns = rdns.iter().map(|rdn| rdn.iter().map(ava).collect());
        Dn {
            rdns: Rdns::new(rdns.collect()),
        }
    }

    #[test]
    fn a_slash_inside_a_value_stays_in_the_value() {
        let name = dn("/DC=org/O=Grid/CN=host/voms.example.org");
        assert_eq!(name.rdns.len(), 3);
        assert_eq!(name.to_string(), "/DC=org/O=Grid/CN=host/voms.example.org");
    }

    #[test]
    fn a_printed_name_parses_to_no_other_name() {
        let long = format!("a/2.5.4.{}3=Mallory", "0".repeat(60));
        let longer = format!("a/2.5.4.{}3=Mallory", "0".repeat(1000));
        let longest = format!("a+1.3{}=Mallory", ".127".repeat(38));
        for value in [
            r"Mall\x6Fry",
            "a/CN=Mallory",
            "a+CN=b",
            r"a\/b",
            "x/y",
            &long,
            &longer,
            &longest,
        ] {
            let name = name(&[&[("2.5.4.3", value)]]);
            assert_eq!(dn(&name.to_string()), name, "{value}");
        }
    }

    #[test]
    fn what_is_printed_of_several_values_or_long_labels_is_read_back() {
        let longest = format!("1.3{}", ".127".repeat(38));
        for rdns in [
            &[&[("2.5.4.11", "a"), ("2.5.4.3", "b")] as &[_]] as &[&[_]],
            &[
                &[("2.5.4.11", "a")],
                &[("2.5.4.3", "b+CN=c"), ("2.5.4.5", "1")],
            ],
            &[&[("2.5.4.3", "a")], &[(longest.as_str(), "b")]],
        ] {
            let name = name(rdns);
            assert_eq!(dn(&name.to_string()), name, "{rdns:?}");
        }
    }

    #[test]
    fn several_values_of_one_rdn_are_not_several_rdns() {
        let (one, two) = (dn("/O=x/OU=a+CN=b"), dn("/O=x/OU=a/CN=b"));
        assert!(!one.matches(&two) && one.matches_as_printed(&two));
        assert!(one.matches(&dn("/O=x/cn=B+ou=A")));
        assert!(!dn("/O=x/OU=a/CN=b+CN=c").matches(&dn("/O=x/OU=a+CN=b/CN=c")));
    }

    #[test]
    fn an_rdn_of_thousands_of_attributes_is_compared_at_once() {
        let ava = |n: usize| Ava {
            oid: ObjectIdentifier::new_unwrap("2.5.4.3"),
            value: n.to_string(),
        };
        let (up, down): (Vec<_>, Vec<_>) = (
            (0..20_000).map(ava).collect(),
            (0..20_000).rev().map(ava).collect(),
        );
        assert!(
            Dn {
                rdns: Rdns::new(vec![up])
            }
            .matches(&Dn {
                rdns: Rdns::new(vec![down])
            })
        );
    }

    #[test]
    fn openssl_3_escapes_and_older_spelling_name_the_same_entity() {
        assert_eq!(
            dn(r"/CN=host\/voms.example.org"),
            dn("/CN=host/voms.example.org")
        );
        assert!(dn(r"/CN=Zo\xC3\xAB").matches(&dn("/CN=Zoë")));
        assert!(dn(r"/CN=Zo\xEB").matches(&dn("/CN=Zoë")));
        assert_eq!(dn("/CN=Zoë").to_string(), r"/CN=Zo\xC3\xAB");
    }

    #[test]
    fn labels_of_other_tools_are_the_same_attribute() {
        assert!(dn("/O=x/Email=a@b.c").matches(&dn("/O=x/emailAddress=A@B.C")));
        assert!(dn("/USERID=ada").matches(&dn("/UID=ada")));
        assert!(!dn("/CN=ada").matches(&dn("/UID=ada")));
    }

    #[test]
    fn case_and_blanks_do_not_count_but_order_does() {
        assert!(dn("/O=Grid  CA/CN=A b").matches(&dn("/o=grid ca/cn=a B ")));
        assert!(!dn("/O=x/CN=y").matches(&dn("/CN=y/O=x")));
        assert!(!dn("/O=x/CN=y").matches(&dn("/O=x/CN=y/CN=1")));
    }

    #[test]
    fn a_proxy_name_is_the_issuers_and_one_common_name() {
        let user = dn("/O=x/CN=y");
        assert_eq!(dn("/O=x/CN=y/CN=42").common_name_below(&user), Some("42"));
        assert_eq!(dn("/O=x/CN=y/OU=42").common_name_below(&user), None);
        assert_eq!(dn("/O=x/CN=z/CN=42").common_name_below(&user), None);
    }

    #[test]
    fn text_that_is_no_name_is_refused() {
        assert!(Dn::parse("CN=x").is_none());
        assert!(Dn::parse("/nolabel").is_none());
        assert!(Dn::parse("").is_none());
    }

    #[test]
    fn a_long_name_is_shown_by_its_beginning() {
        let name = Dn::parse(&format!("/CN={}", "\u{1}".repeat(9000))).unwrap();
        assert_eq!(format!("{name:.8}"), r"/CN=\x01…");
        let short = Dn::parse("/CN=Ada").unwrap();
        assert_eq!(format!("{short:.7} {short:.6}"), "/CN=Ada /CN=Ad…");
    }
}
