-- What a trace is, as SQL: one database per process, folded from its box.
-- Users select from the views (views.sql); these are the tables below them.
PRAGMA application_id = 0x73686278;  -- "shbx"
PRAGMA user_version = 8;             -- raised when an older reader would misread the file

CREATE TABLE process (               -- one row: the traced process
  pid INTEGER, parent_pid INTEGER,
  host TEXT,
  rank INTEGER,                      -- NULL if the process had no RANK
  local_rank INTEGER, world_size INTEGER,
  attempt INTEGER NOT NULL,          -- restarts before this one (launcher's count)
  forked INTEGER NOT NULL,           -- 1: forked without exec from a traced process
  state TEXT NOT NULL,               -- running, exited, exec
  exit_status INTEGER,               -- argument of exit; NULL if it never called it
  start_ns INTEGER NOT NULL,         -- Unix time, nanoseconds
  end_ns INTEGER,                    -- Unix time, nanoseconds; NULL if it never ended by itself
  step INTEGER NOT NULL,             -- optimizer steps finished
  events INTEGER NOT NULL,           -- operations recorded, kept or overwritten
  events_kept INTEGER NOT NULL,      -- operations in table event
  record_depth INTEGER NOT NULL,     -- --depth: 1, 2, or 0 for all
  torch_version TEXT, python_version TEXT
);

CREATE TABLE loss (                  -- what is missing, by cause
  cause TEXT PRIMARY KEY,            -- name of the cause (BOX_LOSSES in schema/box.h), or 'overwritten'
  count INTEGER NOT NULL,
  text TEXT NOT NULL                 -- the sentence that a report shows after the count
) WITHOUT ROWID;

CREATE TABLE abi_check (             -- what was verified when the library met torch and Python
  name TEXT PRIMARY KEY,             -- BOX_CHECKS in schema/box.h
  result TEXT NOT NULL,              -- ok, failed, not run
  text TEXT NOT NULL                 -- what a success proves
) WITHOUT ROWID;

CREATE TABLE operation (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,                -- "aten::cat"
  overload TEXT NOT NULL,            -- "Tensor", or ''
  arguments TEXT NOT NULL            -- declared argument names, comma-separated
);

CREATE TABLE signature (             -- an operation with the metadata of every argument, or of every output
  id INTEGER PRIMARY KEY,
  operation_id INTEGER NOT NULL REFERENCES operation(id),
  is_output INTEGER NOT NULL         -- 1: describes outputs
);

-- Values of signatures repeat each other: which value it is (of some operation) and what it is like stand once.
-- Select from the view signature_operand (rows.sql), which joins them again and says what the columns mean.

CREATE TABLE operand_place (
  id INTEGER PRIMARY KEY,
  slot INTEGER NOT NULL, argument INTEGER NOT NULL, item INTEGER,
  name TEXT NOT NULL, kind TEXT NOT NULL,
  tensor_index INTEGER
);

CREATE TABLE operand_form (
  id INTEGER PRIMARY KEY,
  value TEXT, shape TEXT, strides TEXT, storage_offset INTEGER,
  dtype TEXT, device TEXT, layout TEXT, flags INTEGER
);

CREATE TABLE operand_row (           -- one value of a signature: see view signature_operand
  signature_id INTEGER NOT NULL REFERENCES signature(id),
  place_id INTEGER NOT NULL REFERENCES operand_place(id),
  form_id INTEGER NOT NULL REFERENCES operand_form(id),
  PRIMARY KEY (signature_id, place_id)
) WITHOUT ROWID;

CREATE TABLE frame (                 -- one line of Python that was making a call
  id INTEGER PRIMARY KEY,
  file TEXT NOT NULL, function TEXT NOT NULL,
  line INTEGER NOT NULL,             -- 0 if unknown
  first_line INTEGER NOT NULL        -- of the function
);

CREATE TABLE site (                  -- a call site: a Python stack, innermost frame first
  id INTEGER PRIMARY KEY,
  left_out INTEGER NOT NULL,         -- frames between the innermost and the outermost group that were not kept
  inner_count INTEGER NOT NULL,      -- how many of its frames belong to the innermost group
  shown INTEGER                      -- position of the innermost frame outside torch; NULL if there is none
);

CREATE TABLE site_frame (
  site_id INTEGER NOT NULL REFERENCES site(id),
  position INTEGER NOT NULL,         -- 0 = innermost
  frame_id INTEGER NOT NULL REFERENCES frame(id),
  PRIMARY KEY (site_id, position)
) WITHOUT ROWID;

CREATE TABLE thread (
  id INTEGER PRIMARY KEY,            -- recorder's number, from 0
  os_thread INTEGER NOT NULL,        -- kernel thread id
  name TEXT NOT NULL
);

CREATE TABLE step (                  -- what an optimizer step's operations are timed from
  step INTEGER PRIMARY KEY,          -- optimizer steps finished before
  start_ns INTEGER NOT NULL,         -- Unix time, nanoseconds, a multiple of 64: of its first operation that is kept
  sequence INTEGER NOT NULL,         -- what event_row.sequence and event_row.scope count from
  scope_id INTEGER NOT NULL
);

-- Operations and ranges repeat each other: what is the same in many rows stands once, in event_kind and scope_kind.
-- Select from the views event and scope (views.sql), which join them again.

CREATE TABLE scope_kind (
  id INTEGER PRIMARY KEY,
  thread_id INTEGER NOT NULL REFERENCES thread(id),
  kind TEXT NOT NULL,                -- backward, user, function
  name TEXT NOT NULL
);

CREATE TABLE scope_row (             -- a named range: see view scope
  id INTEGER PRIMARY KEY,
  kind_id INTEGER NOT NULL REFERENCES scope_kind(id),
  sequence INTEGER,
  start INTEGER NOT NULL,            -- after process.start_ns, in 64 ns
  lasted INTEGER,                    -- in 64 ns
  outside INTEGER                    -- id less that of the range around it; NULL: there is none
);

CREATE TABLE event_kind (
  id INTEGER PRIMARY KEY,
  thread_id INTEGER NOT NULL REFERENCES thread(id),
  phase TEXT NOT NULL,
  micro_batch INTEGER NOT NULL,
  depth INTEGER NOT NULL,
  signature_id INTEGER NOT NULL REFERENCES signature(id),
  output_signature_id INTEGER REFERENCES signature(id),
  site_id INTEGER REFERENCES site(id),
  grad INTEGER NOT NULL,
  first_event INTEGER NOT NULL       -- event_row.id of the first one that is kept
);

CREATE TABLE event_row (             -- one operation: see view event
  id INTEGER PRIMARY KEY,
  kind_id INTEGER NOT NULL REFERENCES event_kind(id),
  around INTEGER NOT NULL,           -- lower 38 bits: id - number, how many of the operations before it were other threads';
                                     -- above: id less that of the operation around it, 0: there is none
  step INTEGER NOT NULL REFERENCES step(step),
  start INTEGER NOT NULL,            -- after its step's start_ns, in 64 ns; negative where another thread was late
  lasted INTEGER,                    -- in 64 ns; NULL its end was lost, -1 open, -2 failed, and -3 - n: failed after n
  sequence INTEGER,                  -- after its step's; NULL: none
  scope INTEGER,                     -- scope_row.id after its step's; NULL: none
  tensors BLOB NOT NULL
);

CREATE TABLE event_part (            -- what is in 8,192 operations: the others need not be read (schema/parts.h)
  number INTEGER PRIMARY KEY,        -- event_row.id / 8192
  begin_tensor INTEGER NOT NULL,     -- largest identity that was met before it,
  met_tensor INTEGER NOT NULL,       -- and with it
  made_tensor INTEGER,               -- the smallest identity so far that was made, not met before; NULL: it made none smaller
  sequence_low INTEGER, sequence_high INTEGER, -- autograd's numbers, those of backward not counted
  unwell INTEGER NOT NULL,           -- operations that failed or are open
  again BLOB NOT NULL,               -- identities up to begin_tensor that it made, wrote or gave data, as a tensor_blob's outputs
  sites BLOB NOT NULL                -- bits of call sites
);

CREATE TABLE event_tensor (          -- operands as plain rows: the last two steps and every failure
  event_id INTEGER NOT NULL REFERENCES event_row(id),
  is_output INTEGER NOT NULL,
  tensor_index INTEGER NOT NULL,     -- matches signature_operand.tensor_index
  tensor INTEGER NOT NULL,           -- identity, never reused within the process
  PRIMARY KEY (event_id, is_output, tensor_index)
) WITHOUT ROWID;

CREATE TABLE live_tensor (           -- tensors that were alive at the end, or whose place no other has taken since
  tensor INTEGER PRIMARY KEY,        -- identity
  entered INTEGER NOT NULL,          -- 1: nothing recorded made it; the rest tells its first use
  operation_id INTEGER REFERENCES operation(id),
  signature_id INTEGER REFERENCES signature(id),
  site_id INTEGER REFERENCES site(id),
  step INTEGER NOT NULL,
  alive INTEGER NOT NULL,            -- 1: when the box was last written
  -- What made the tensor that this one is a view, copy or function of, through any number of such; NULL: there is none.
  base_operation_id INTEGER REFERENCES operation(id),
  base_signature_id INTEGER REFERENCES signature(id),
  base_site_id INTEGER REFERENCES site(id),
  base_step INTEGER,
  base_entered INTEGER,              -- 1: nothing recorded made that one; this is its first use
  base_values INTEGER                -- 1: the elements are that one's
);

CREATE TABLE tensor_change (         -- what was last done to a live tensor in place
  tensor INTEGER NOT NULL REFERENCES live_tensor(tensor),
  kind TEXT NOT NULL,                -- moved (to another dtype or device), resized (to another number of elements)
  operation_id INTEGER REFERENCES operation(id),
  site_id INTEGER REFERENCES site(id),
  step INTEGER NOT NULL,
  seen INTEGER NOT NULL,             -- 1: by what is no operation (t.data = other); this is where it was used next
  before TEXT, after TEXT,           -- moved: "float32 cpu", "float16 cuda:0"
  PRIMARY KEY (tensor, kind)
) WITHOUT ROWID;

CREATE TABLE call_group (            -- calls of the whole run that ended well, kept in table event or not
  id INTEGER PRIMARY KEY,
  site_id INTEGER NOT NULL REFERENCES site(id),
  operation_id INTEGER NOT NULL REFERENCES operation(id),
  calls INTEGER NOT NULL,            -- with as many operands, each with as many dimensions
  first_step INTEGER NOT NULL,
  signature_id INTEGER REFERENCES signature(id) -- of one of them; NULL if none is known
);

CREATE INDEX call_group_site ON call_group (site_id);

CREATE TABLE call_size (             -- the sizes of one dimension of one operand in the calls of a group
  group_id INTEGER NOT NULL REFERENCES call_group(id),
  tensor_index INTEGER NOT NULL,     -- matches signature_operand.tensor_index
  dimension INTEGER NOT NULL,
  smallest INTEGER NOT NULL, largest INTEGER NOT NULL,
  at_largest INTEGER NOT NULL,       -- calls with the largest
  sizes TEXT NOT NULL,               -- JSON list of the first 8 that differ, in order of appearance
  more INTEGER NOT NULL,             -- 1: there were others
  new_step INTEGER NOT NULL,         -- of the last call known to bring a new size
  PRIMARY KEY (group_id, tensor_index, dimension)
) WITHOUT ROWID;

CREATE TABLE note (                  -- facts of any size: environment and failures, as JSON
  id INTEGER PRIMARY KEY,            -- order of writing
  kind TEXT NOT NULL,                -- environment, fatal, operation, exception, state, groups
  time_ns INTEGER NOT NULL,          -- Unix time, nanoseconds
  thread_id INTEGER,                 -- recorder's number; NULL if the thread recorded nothing
  event_id INTEGER REFERENCES event_row(id), -- operation: the event that was left; else the last one started before it on its thread
  text TEXT NOT NULL                 -- JSON
);

-- What ranks, steps and runs are compared by (schema/fingerprint.h): equal numbers mean equal texts, in every process.
CREATE TABLE site_print (
  site_id INTEGER PRIMARY KEY REFERENCES site(id),
  print INTEGER NOT NULL,            -- of its frames: last parts of the path, function, line
  sharding INTEGER NOT NULL          -- 1: a sharding library (FSDP, DeepSpeed, ...) arranges its pieces here
);

CREATE TABLE signature_print (
  signature_id INTEGER PRIMARY KEY REFERENCES signature(id),
  operation INTEGER NOT NULL,        -- of name and overload
  kinds INTEGER NOT NULL,            -- of dtypes, devices' roles, layouts
  content INTEGER NOT NULL,          -- of these, all sizes, and other values
  collective INTEGER NOT NULL        -- of what ranks must agree on; 0: not a collective
);

CREATE TABLE block (                 -- up to 512 operations of one thread and step, in order: equal blocks need not be read
  thread_id INTEGER NOT NULL REFERENCES thread(id),
  step INTEGER NOT NULL,
  number INTEGER NOT NULL,           -- among the blocks of this thread and step, from 0
  first_event INTEGER NOT NULL, last_event INTEGER NOT NULL,  -- event.id
  first_number INTEGER NOT NULL,     -- event.number of the first
  events INTEGER NOT NULL,           -- how many, those left out not counted
  collectives INTEGER NOT NULL,      -- of them
  messages INTEGER NOT NULL,         -- of them, those that not all ranks take part in: sent to one, or within smaller groups
  control INTEGER NOT NULL,          -- of operations and call sites
  kinds INTEGER NOT NULL,            -- and of dtypes, devices' roles, layouts
  content INTEGER NOT NULL,          -- and of sizes and other values
  collective INTEGER NOT NULL,       -- of the collectives alone: what must agree between ranks
  PRIMARY KEY (thread_id, step, number)
) WITHOUT ROWID;

CREATE TABLE step_print (            -- every step of the run, its operations kept or overwritten; made while recording (libshim/steps.h)
  first_step INTEGER PRIMARY KEY,    -- a row stands for one step or, in a long run, for 2, 4, 8, ... in a row
  steps INTEGER NOT NULL,
  operations INTEGER NOT NULL,       -- of forward, and collectives
  control INTEGER NOT NULL,          -- of them and their call sites, in order
  once INTEGER NOT NULL,             -- the same however often a loop went round
  rest INTEGER NOT NULL,             -- of backward and the optimizer, in any order
  collectives INTEGER NOT NULL,      -- how many
  collective INTEGER NOT NULL        -- of the collectives alone, in order
);

CREATE TABLE cuda_function (         -- a function of CUDA that was called
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL                 -- "cudaMalloc"; "caching allocator: malloc" for PyTorch's own blocks
);

CREATE TABLE cuda_kernel (
  id INTEGER PRIMARY KEY,
  symbol TEXT NOT NULL,              -- as the compiler named it
  name TEXT NOT NULL                 -- as people read it: "at::native::vectorized_elementwise_kernel<FillFunctor>"
);

CREATE TABLE cuda_call (             -- a call of CUDA that did something or failed; a block of the caching allocator
  id INTEGER PRIMARY KEY,            -- order of time over all threads, among those that are kept
  thread_id INTEGER NOT NULL REFERENCES thread(id),
  time_ns INTEGER NOT NULL,          -- when it returned: Unix time, nanoseconds
  step INTEGER NOT NULL,             -- optimizer steps finished before it
  event_id INTEGER REFERENCES event_row(id), -- the outermost recorded operation around it; NULL: none, or not kept
  operation_id INTEGER REFERENCES operation(id), -- that operation's, kept or not; NULL: none
  site_id INTEGER REFERENCES site(id),   -- the operation's line, without one that of the call; NULL: unknown
  kind TEXT NOT NULL,                -- BOX_CUDA_KINDS in schema/box.h: launch, allocation, free, copy, block, ...
  function_id INTEGER NOT NULL REFERENCES cuda_function(id),
  driver INTEGER NOT NULL,           -- 1: called at the driver, 0: at the runtime
  device INTEGER,                    -- NULL: unknown
  stream INTEGER NOT NULL,           -- its handle
  result INTEGER NOT NULL,           -- 0: success; else cudaError_t or CUresult
  captured INTEGER NOT NULL,         -- 1: put into a graph, not run
  ours INTEGER NOT NULL,             -- 1: a wait that --sync added
  address INTEGER, bytes INTEGER,    -- of memory; a copy's destination
  source INTEGER,                    -- a copy's
  kernel_id INTEGER REFERENCES cuda_kernel(id),
  grid TEXT, block TEXT,             -- "256x1x1"
  shared_bytes INTEGER,              -- dynamic
  allocated INTEGER, reserved INTEGER -- block: bytes that the caching allocator has handed out, and holds, after it
);

CREATE TABLE cuda_count (            -- of the whole run, kept or not
  name TEXT PRIMARY KEY,             -- launches, graph_launches, allocations, frees, copies, failed_calls, ...
  count INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE cuda_device (           -- bytes, over the whole run
  device INTEGER PRIMARY KEY,        -- -1: pinned memory of the host
  live INTEGER NOT NULL, peak INTEGER NOT NULL, -- taken from the driver
  allocated INTEGER NOT NULL, peak_allocated INTEGER NOT NULL, -- of it, handed out by PyTorch's caching allocator
  reserved INTEGER NOT NULL, peak_reserved INTEGER NOT NULL,   -- held by it
  peak_step INTEGER NOT NULL         -- optimizer steps finished when peak_allocated (without it, peak) was reached
);

CREATE TABLE live_memory (           -- what was allocated and not freed when the box was last written
  address INTEGER NOT NULL,
  kind TEXT NOT NULL,                -- device, host, physical, address, foreign, block
  bytes INTEGER NOT NULL,
  device INTEGER,
  thread_id INTEGER NOT NULL, number INTEGER, -- event.thread_id and event.number of the operation that it was allocated in
  operation_id INTEGER, site_id INTEGER,
  step INTEGER NOT NULL,
  PRIMARY KEY (kind, address)
) WITHOUT ROWID;
