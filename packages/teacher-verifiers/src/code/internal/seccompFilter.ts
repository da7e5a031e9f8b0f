/** The system calls that a sandboxed process may not make, as a BPF program for the kernel. */

/** Numbers on x86_64 and aarch64; -1 where the machine has no such call. */
const denied: Readonly<Record<string, readonly [x64: number, arm64: number]>> = {
  // the network; socketpair stays, as asyncio needs it
  socket: [41, 198],
  connect: [42, 203],
  accept: [43, 202],
  accept4: [288, 242],
  bind: [49, 200],
  listen: [50, 201],
  // other processes' memory, and what is traced
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  process_mrelease: [448, 448],
  pidfd_getfd: [438, 438],
  kcmp: [312, 272],
  // namespaces and mounts
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  unshare: [272, 97],
  setns: [308, 268],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  // parts of the kernel with a history
  keyctl: [250, 219],
  add_key: [248, 217],
  request_key: [249, 218],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  userfaultfd: [323, 282],
  fanotify_init: [300, 262],
  personality: [135, 92],
  modify_ldt: [154, -1],
  uselib: [134, -1],
  nfsservctl: [180, 42],
  lookup_dcookie: [212, 18],
  // memory that no limit counts
  memfd_create: [319, 279],
  memfd_secret: [447, 447],
  shmget: [29, 194],
  shmat: [30, 196],
  msgget: [68, 186],
  semget: [64, 190],
  mq_open: [240, 180],
  mbind: [237, 235],
  set_mempolicy: [238, 237],
  migrate_pages: [256, 238],
  move_pages: [279, 239],
  // the machine
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  syslog: [103, 116],
  acct: [163, 89],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  vhangup: [153, 58],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  iopl: [172, -1],
  ioperm: [173, -1],
  sysfs: [139, -1],
  _sysctl: [156, -1]
}

interface Machine {
  readonly column: 0 | 1
  /** `AUDIT_ARCH_*` of linux/audit.h. */
  readonly audit: number
  readonly clone: number
  readonly clone3: number
}

const machines: ReadonlyMap<string, Machine> = new Map([
  ["x64", { column: 0, audit: 0xc000003e, clone: 56, clone3: 435 }],
  ["arm64", { column: 1, audit: 0xc00000b7, clone: 220, clone3: 435 }]
])

// linux/bpf_common.h: a word of struct seccomp_data, jumps on the accumulator, the end
const load = 0x20
const jumpEqual = 0x15
const jumpAtLeast = 0x35
const jumpSet = 0x45
const end = 0x06

// struct seccomp_data, little endian on both machines
const offsets = { number: 0, arch: 4, firstArgument: 16 }

const allow = 0x7fff0000
const killProcess = 0x80000000
const refuse = 0x00050000
const notPermitted = refuse | 1
const notThere = refuse | 38

/** CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET */
const newNamespaces = 0x7e020080

/** x86_64 numbers from here on are those of the x32 ABI, which the table does not name. */
const x32 = 0x40000000

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number]

/**
 * The filter for `process.arch`, or undefined where the machine's calls are not known. Denied calls fail
 * with EPERM; `clone3`, whose flags lie behind a pointer that a filter can not follow, fails with ENOSYS,
 * so that the C library uses `clone`, whose flags are looked at. A process of another ABI is killed.
 */
export const seccompFilter = (arch: string): Uint8Array | undefined => {
  const machine = machines.get(arch)
  if (machine === undefined) return undefined
  const instructions: Array<Instruction> = [
    [load, 0, 0, offsets.arch],
    [jumpEqual, 1, 0, machine.audit],
    [end, 0, 0, killProcess],
    [load, 0, 0, offsets.number],
    [jumpAtLeast, 0, 1, x32],
    [end, 0, 0, killProcess]
  ]
  const numbers = Object.values(denied)
    .map((each) => each[machine.column])
    .filter((number) => number >= 0)
  for (const number of numbers) {
    instructions.push([jumpEqual, 0, 1, number], [end, 0, 0, notPermitted])
  }
  instructions.push(
    [jumpEqual, 0, 1, machine.clone3],
    [end, 0, 0, notThere],
    [jumpEqual, 0, 3, machine.clone],
    [load, 0, 0, offsets.firstArgument],
    [jumpSet, 0, 1, newNamespaces],
    [end, 0, 0, notPermitted],
    [end, 0, 0, allow]
  )
  const bytes = new DataView(new ArrayBuffer(instructions.length * 8))
  for (const [index, [code, ifTrue, ifFalse, operand]] of instructions.entries()) {
    bytes.setUint16(index * 8, code, true)
    bytes.setUint8(index * 8 + 2, ifTrue)
    bytes.setUint8(index * 8 + 3, ifFalse)
    bytes.setUint32(index * 8 + 4, operand, true)
  }
  return new Uint8Array(bytes.buffer)
}
