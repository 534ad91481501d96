//! The room on the disks of the data folder and of the server's streams.

use std::path::Path;

use super::look::Looks;

const GIB: u64 = 1 << 30;
/// Less than this is too little on any disk.
const LEAST: u64 = 2 * GIB;
/// More than this is enough on any disk; between the two it should be a twentieth.
const PLENTY: u64 = 20 * GIB;

/// Looks at the data folder, where there is one, and at the server's, where it is on this machine.
pub(super) fn look(looks: &mut Looks, home: &Path, store: Option<&str>) {
    let store = store.map(Path::new).filter(|store| !store.starts_with(home));
    for folder in [Some(home), store].into_iter().flatten().filter(|folder| folder.exists()) {
        match rustix::fs::statvfs(folder) {
            Ok(disk) => judge(looks, folder, disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize),
            Err(error) => {
                let found = format!("the disk of {} cannot be looked at: {error}", folder.display());
                looks.unknown("disk", found, "look at it as a user who may");
            }
        }
    }
}

fn judge(looks: &mut Looks, folder: &Path, free: u64, all: u64) {
    let found = format!("{} of {} GiB are free at {}", free / GIB, all / GIB, folder.display());
    if free < LEAST || (free < PLENTY && free < all / 20) {
        looks.wrong("disk", found, "make room: on a full disk the server takes no note, and no night can be written");
    } else {
        looks.well("disk", found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::look::Verdict;

    #[test]
    fn little_room_is_told_and_a_large_disk_may_be_fuller() {
        let check = |free: u64, all: u64, verdict: Verdict| {
            let mut looks = Looks::default();
            judge(&mut looks, Path::new("/d"), free * GIB, all * GIB);
            assert_eq!(looks.0[0].verdict, verdict, "{free} of {all}");
        };
        check(1, 4, Verdict::Wrong);
        check(3, 10, Verdict::Well);
        check(3, 100, Verdict::Wrong);
        check(30, 10_000, Verdict::Well);
    }
}
