//! The built-in vomses entries, for VOs that are absent from the configured files.

use std::path::Path;

use voms_client::vomses::Vomses;

/// The VO's name, and its file in `vomses/`.
const ENTRIES: &[(&str, &str)] = &[("virgo", include_str!("../../vomses/virgo"))];

/// The servers of all built-in VOs.
#[must_use]
pub fn vomses() -> Vomses {
    let text: String = ENTRIES.iter().map(|(_, text)| *text).collect();
    Vomses::from_text(Path::new("built-in"), &text)
}

/// The file for one VO, comments included.
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
