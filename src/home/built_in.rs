//! The vomses entries that are compiled in, for VOs that no configured file names.

use std::path::Path;

use voms_client::vomses::Vomses;

/// The name of a VO, and its file in `vomses/`.
const ENTRIES: &[(&str, &str)] = &[("virgo", include_str!("../../vomses/virgo"))];

/// The servers of all VOs that are built in.
#[must_use]
pub fn vomses() -> Vomses {
    let text: String = ENTRIES.iter().map(|(_, text)| *text).collect();
    Vomses::from_text(Path::new("built-in"), &text)
}

/// The file of one VO, with its comments.
#[must_use]
pub fn entry(vo: &str) -> Option<&'static str> {
    ENTRIES
        .iter()
        .find(|(name, _)| *name == vo)
        .map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_well_formed_and_of_the_vo_that_its_file_is_named_after() {
        for (name, text) in ENTRIES {
            let vomses = Vomses::from_text(Path::new(name), text);
            assert!(
                vomses.problems().is_empty() && !vomses.find(name).is_empty(),
                "{name}"
            );
            assert!(
                vomses.entries().iter().all(|entry| entry.vo == *name),
                "{name}"
            );
        }
    }
}
