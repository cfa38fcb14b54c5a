-- Operations, their operands and ranges with all their columns: what schema.sql keeps apart, joined again.
-- The reader makes these views for itself, too: it uses none that lies in a file.
-- Times lie on a grid of 64 ns from the Unix epoch: the recorder's clock goes in steps of 256 ticks, 64 ns at 4 GHz.

CREATE VIEW event AS                 -- one operation
SELECT e.id,                         -- order of start over all threads, counted from the process's beginning
  k.thread_id,                       -- thread.id
  e.id - (e.around & 274877906943) AS number, -- order of start within its thread, from 0
  t.start_ns + e.start * 64 AS start_ns, -- Unix time, nanoseconds
  CASE WHEN e.lasted >= 0 THEN e.lasted * 64 WHEN e.lasted < -2 THEN (-3 - e.lasted) * 64 END
    AS duration_ns,                  -- NULL: entered and never left, or its end was lost
  e.step,                            -- optimizer steps finished before it
  k.phase,                           -- forward, backward, optimizer, eval, data, load, other
  k.micro_batch,                     -- forward/backward rounds before it within its step, from 0
  CASE WHEN e.lasted = -1 THEN 'open' WHEN e.lasted < 0 THEN 'failed' ELSE 'ok' END AS status,
  k.depth,                           -- recorded operations around it
  CASE WHEN e.around >> 38 THEN e.id - (e.around >> 38) END AS parent_id, -- the operation around it, if recorded
  k.signature_id, k.output_signature_id,
  k.site_id,                         -- NULL: no Python frame, or lost
  t.sequence + e.sequence AS sequence, -- autograd sequence number that its node would get
  t.scope_id + e.scope AS scope_id,  -- innermost range around it on its thread
  k.grad,                            -- 1: autograd was recording
  e.tensors                          -- identities of inputs, then outputs: see tensor_blob in ARCHITECTURE.md
FROM event_row e
CROSS JOIN event_kind k ON k.id = e.kind_id
CROSS JOIN step t ON t.step = e.step;

CREATE VIEW scope AS                 -- a named range: backward node, optimizer step, data loader, user's range
SELECT r.id, k.thread_id, k.kind, k.name,
  r.sequence,                        -- backward: the node's autograd sequence number
  (p.start_ns / 64 + r.start) * 64 AS start_ns,          -- Unix time, nanoseconds
  (p.start_ns / 64 + r.start + r.lasted) * 64 AS end_ns, -- NULL if it never ended (or its end was lost)
  r.id - r.outside AS parent_id
FROM scope_row r
CROSS JOIN scope_kind k ON k.id = r.kind_id
CROSS JOIN process p;

CREATE VIEW signature_operand AS     -- one value of a signature
SELECT r.signature_id,               -- signature.id
  p.slot,                            -- order of appearance, from 0
  p.argument,                        -- index of the argument (or output) it belongs to
  p.item,                            -- index within that argument's list, NULL outside lists
  p.name,                            -- "tensors[1]", "dim"; outputs: "output", "output[0]"
  p.kind,                            -- tensor, int, int[], bool, bool[], float, number, list, string, device, none, other
  f.value,                           -- the value of what isn't a tensor, as JSON; NULL where none was recorded
  f.shape,                           -- JSON list of sizes; NULL unless a tensor with plain sizes
  f.strides,                         -- JSON list, in elements
  f.storage_offset,                  -- in elements
  f.dtype, f.device,                 -- "float32"; "cpu", "cuda:0"
  f.layout,                          -- strided, sparse, sparse_csr, nested, quantized, other
  f.flags,                           -- BOX_TENSOR_* of schema/box.h
  p.tensor_index                     -- its place among the event's identities; NULL unless a tensor
FROM operand_row r
CROSS JOIN operand_place p ON p.id = r.place_id
CROSS JOIN operand_form f ON f.id = r.form_id;
