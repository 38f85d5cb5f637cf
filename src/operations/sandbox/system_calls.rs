//! System calls that a proxy never makes: they fail with EPERM.
//!
//! A list of what is forbidden, and not of what is allowed: what libraries and the C library ask for changes with their
//! versions, and a call that fails where it never did before would stop serving. On the list is what leads out: other
//! programs, other processes, the kernel's own interfaces, new name spaces, memory that is written and run.

use std::collections::BTreeMap;
use std::ffi::c_int;

use libc::{
    AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, EPERM, PROT_EXEC, PROT_WRITE, SYS_acct, SYS_add_key, SYS_adjtimex, SYS_bpf,
    SYS_chroot, SYS_clock_adjtime, SYS_clock_settime, SYS_delete_module, SYS_execve, SYS_execveat, SYS_fanotify_init,
    SYS_finit_module, SYS_fsconfig, SYS_fsmount, SYS_fsopen, SYS_fspick, SYS_init_module, SYS_io_uring_setup,
    SYS_kexec_load, SYS_keyctl, SYS_mmap, SYS_mount, SYS_mount_setattr, SYS_move_mount, SYS_move_pages, SYS_mprotect,
    SYS_name_to_handle_at, SYS_nfsservctl, SYS_open_by_handle_at, SYS_open_tree, SYS_perf_event_open, SYS_personality,
    SYS_pidfd_getfd, SYS_pidfd_open, SYS_pivot_root, SYS_pkey_mprotect, SYS_process_madvise, SYS_process_vm_readv,
    SYS_process_vm_writev, SYS_ptrace, SYS_quotactl, SYS_reboot, SYS_request_key, SYS_setdomainname, SYS_sethostname,
    SYS_setns, SYS_settimeofday, SYS_socket, SYS_swapoff, SYS_swapon, SYS_syslog, SYS_umount2, SYS_unshare,
    SYS_userfaultfd, SYS_vhangup,
};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter_all_threads,
};

/// Why system calls are not held.
#[derive(Debug, thiserror::Error)]
pub enum SystemCallsError {
    /// No filter can be made for this processor.
    #[error("there is no filter for this processor")]
    Filter(#[from] BackendError),
    /// The kernel refuses.
    #[error("the kernel refuses")]
    Kernel(#[from] seccompiler::Error),
}

/// Holds all threads to it, those that there are already among them.
pub(super) fn hold() -> Result<(), SystemCallsError> {
    let errno = u32::try_from(EPERM).unwrap_or(1);
    let filter = SeccompFilter::new(
        rules()?,
        SeccompAction::Allow,
        SeccompAction::Errno(errno),
        std::env::consts::ARCH.try_into()?,
    )?;
    let program: BpfProgram = filter.try_into()?;
    Ok(apply_filter_all_threads(&program)?)
}

/// What fails: a call without rules always, one with rules where one of them fits.
fn rules() -> Result<BTreeMap<i64, Vec<SeccompRule>>, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = FORBIDDEN.iter().map(|call| (*call, Vec::new())).collect();
    // An address family that is none of these. Look-ups of names ask the kernel for its addresses (netlink).
    let families = [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK].map(|family| argument(0, SeccompCmpOp::Ne, family));
    let families = families.into_iter().collect::<Result<Vec<_>, _>>()?;
    rules.insert(SYS_socket, vec![SeccompRule::new(families)?]);
    // Nothing here makes code, so that memory is never both written and run.
    let protection = |bits| {
        let condition = argument(2, SeccompCmpOp::MaskedEq(unsigned(bits)), bits)?;
        Ok::<_, BackendError>(vec![SeccompRule::new(vec![condition])?])
    };
    rules.insert(SYS_mmap, protection(PROT_WRITE | PROT_EXEC)?);
    for call in [SYS_mprotect, SYS_pkey_mprotect] {
        rules.insert(call, protection(PROT_EXEC)?);
    }
    Ok(rules)
}

fn argument(number: u8, operator: SeccompCmpOp, value: c_int) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(number, SeccompCmpArgLen::Dword, operator, unsigned(value))
}

fn unsigned(value: c_int) -> u64 {
    u64::from(value.unsigned_abs())
}

const FORBIDDEN: &[i64] = &[
    // Other programs.
    SYS_execve,
    SYS_execveat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
    // Other processes, and their memory.
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_process_madvise,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_move_pages,
    SYS_userfaultfd,
    // What holds a process in its place.
    SYS_unshare,
    SYS_setns,
    SYS_chroot,
    SYS_pivot_root,
    SYS_mount,
    SYS_umount2,
    SYS_move_mount,
    SYS_mount_setattr,
    SYS_open_tree,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_personality,
    // The kernel's own interfaces, in which most of its mistakes were found.
    SYS_bpf,
    SYS_io_uring_setup,
    SYS_perf_event_open,
    SYS_fanotify_init,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_syslog,
    SYS_nfsservctl,
    SYS_quotactl,
    // The machine.
    SYS_reboot,
    SYS_kexec_load,
    // The C library of AArch64 that releases are linked with has no name for it.
    #[cfg(target_arch = "x86_64")]
    libc::SYS_kexec_file_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_vhangup,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_modify_ldt,
];
