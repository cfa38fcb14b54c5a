/* The checked ways into a box's copied regions: see box_read.h. */
#include <string.h>

#include "box_read.h"

#define STRING_LIMIT_BYTES 4096u

#define X(id, text) #id,
const char *const box_loss_names[BOX_LOSS_COUNT] = { BOX_LOSSES(X) };
#undef X
#define X(id, text) text,
const char *const box_loss_texts[BOX_LOSS_COUNT] = { BOX_LOSSES(X) };
#undef X
#define X(id, name, text) name,
const char *const box_check_names[BOX_CHECK_COUNT] = { BOX_CHECKS(X) };
#undef X
#define X(id, name, text) text,
const char *const box_check_texts[BOX_CHECK_COUNT] = { BOX_CHECKS(X) };
#undef X

const char *
box_read_string(const struct box_reader *reader, uint32_t reference, uint32_t *size)
{
	uint64_t bytes = reader->region_bytes[BOX_STRINGS];
	const struct box_string *string;

	*size = 0;
	if (reference == 0)
		return "";
	if (reference % 4 || reference + (uint64_t)sizeof *string >= bytes)
		return NULL;
	string = (const struct box_string *)(reader->regions[BOX_STRINGS] + reference);
	if (string->size_bytes > bytes - reference - sizeof *string)
		return NULL;
	*size = string->size_bytes < STRING_LIMIT_BYTES ? string->size_bytes : STRING_LIMIT_BYTES;
	return string->text;
}

const struct box_op *
box_read_op(const struct box_reader *reader, uint32_t reference)
{
	if (reference >= reader->region_bytes[BOX_OPS] / sizeof(struct box_op))
		return NULL;
	return (const struct box_op *)reader->regions[BOX_OPS] + reference;
}

const struct box_frame *
box_read_frame(const struct box_reader *reader, uint32_t reference)
{
	if (reference >= reader->region_bytes[BOX_FRAMES] / sizeof(struct box_frame))
		return NULL;
	return (const struct box_frame *)reader->regions[BOX_FRAMES] + reference;
}

/* The next entry of heap ID, SIZE_OF tells its size from its first bytes. */
static const void *
heap_next(struct box_reader *reader, enum box_region_id id, const char *what, uint64_t *offset, uint64_t header_bytes,
	  uint64_t (*size_of)(const void *entry))
{
	uint64_t bytes = reader->region_bytes[id], left, size;
	const void *entry = reader->regions[id] + *offset;

	if (*offset >= bytes)
		return NULL;
	left = bytes - *offset;
	size = left < header_bytes ? UINT64_MAX : size_of(entry);
	if (size > left) {
		/* A heap that is exactly full may end in a few bytes that no entry fits into. */
		if (left >= 8)
			box_read_damage(reader, "%s at byte %llu runs past its region: the rest is skipped", what,
					(unsigned long long)*offset);
		*offset = bytes;
		return NULL;
	}
	*offset += (size + 7) & ~7ull;
	return entry;
}

static uint64_t
signature_size(const void *entry)
{
	return sizeof(struct box_signature) + 8ull * ((const struct box_signature *)entry)->word_count;
}

static uint64_t
site_size(const void *entry)
{
	return sizeof(struct box_site) + 4ull * ((const struct box_site *)entry)->frame_count;
}

const struct box_signature *
box_read_next_signature(struct box_reader *reader, uint64_t *offset_bytes)
{
	return heap_next(reader, BOX_SIGNATURES, "signature", offset_bytes, sizeof(struct box_signature),
			 signature_size);
}

const struct box_site *
box_read_next_site(struct box_reader *reader, uint64_t *offset_bytes)
{
	return heap_next(reader, BOX_SITES, "call site", offset_bytes, sizeof(struct box_site), site_size);
}

static uint64_t
history_size(const void *entry)
{
	return sizeof(struct box_history) + sizeof(struct box_dim) * (uint64_t)((const struct box_history *)entry)->dim_count;
}

const struct box_history *
box_read_next_history(struct box_reader *reader, uint64_t *offset_bytes)
{
	return heap_next(reader, BOX_HISTORY, "call history", offset_bytes, sizeof(struct box_history), history_size);
}

uint32_t
box_read_note_slots(const struct box_reader *reader)
{
	if (reader->header.note_bytes == 0)
		return 0;
	return (uint32_t)(reader->region_bytes[BOX_NOTES] / reader->header.note_bytes);
}

const struct box_note *
box_read_note(struct box_reader *reader, uint32_t index)
{
	const struct box_note *note;

	if (index >= box_read_note_slots(reader))
		return NULL;
	note = (const void *)(reader->regions[BOX_NOTES] + (uint64_t)index * reader->header.note_bytes);
	if (note->state != 2)
		return NULL;
	if (note->size_bytes > reader->header.note_bytes - sizeof *note) {
		box_read_damage(reader, "note %u: %u bytes of text in a slot of %u: skipped", index, note->size_bytes,
				reader->header.note_bytes);
		return NULL;
	}
	return note;
}

#define X(id, name, class, count) BOX_CUDA_CLASS_##class,
const uint8_t box_cuda_classes[BOX_CUDA_KIND_COUNT] = { BOX_CUDA_KINDS(X) };
#undef X
#define X(id, name, class, count) name,
const char *const box_cuda_kind_names[BOX_CUDA_KIND_COUNT] = { BOX_CUDA_KINDS(X) };
#undef X
#define X(id, name) name,
const char *const box_cuda_count_names[BOX_CUDA_COUNT_COUNT] = { BOX_CUDA_COUNTS(X) };
#undef X

/* A kind that this reader doesn't know has no tail that it could read: 0 refuses it. */
static uint32_t
cuda_bytes(const struct box_cuda *cuda)
{
	static const uint8_t words[] = {
		[BOX_CUDA_CLASS_PLAIN] = 0, [BOX_CUDA_CLASS_LAUNCH] = BOX_CUDA_LAUNCH_WORDS,
		[BOX_CUDA_CLASS_MEMORY] = BOX_CUDA_MEMORY_WORDS, [BOX_CUDA_CLASS_COPY] = BOX_CUDA_COPY_WORDS,
		[BOX_CUDA_CLASS_BLOCK] = BOX_CUDA_BLOCK_WORDS,
	};

	if (cuda->kind >= BOX_CUDA_KIND_COUNT)
		return 0;
	return (uint32_t)sizeof *cuda + 4u * words[box_cuda_classes[cuda->kind]];
}

/* How many bytes a record of this kind has at least; 0 for an unknown kind. INLINE's own lengths are checked where
 * they are read. */
static uint32_t
record_least_bytes(const struct box_record *record, uint32_t bytes)
{
	switch (record->kind) {
	case BOX_RECORD_START:
		return bytes < sizeof(struct box_start)
			       ? (uint32_t)sizeof(struct box_start)
			       : (uint32_t)sizeof(struct box_start) + 4u * ((const struct box_start *)record)->ids;
	case BOX_RECORD_END:
		return bytes < sizeof(struct box_end)
			       ? (uint32_t)sizeof(struct box_end)
			       : (uint32_t)sizeof(struct box_end) + 4u * ((const struct box_end *)record)->ids;
	case BOX_RECORD_SCOPE_START:
		return sizeof(struct box_scope_start);
	case BOX_RECORD_SCOPE_END:
		return sizeof(struct box_scope_end);
	case BOX_RECORD_STEP:
		return sizeof(struct box_step);
	case BOX_RECORD_CUDA:
		return bytes < sizeof(struct box_cuda) ? (uint32_t)sizeof(struct box_cuda) : cuda_bytes((const struct box_cuda *)record);
	default:
		return 0;
	}
}

const struct box_record *
box_read_next_record(struct box_reader *reader, const struct box_chunk_copy *chunk, uint32_t *offset)
{
	const struct box_record *record = (const void *)(chunk->data + *offset);
	uint32_t left, bytes, least;

	if (*offset >= chunk->bytes)
		return NULL;
	left = chunk->bytes - *offset;
	bytes = left < sizeof *record ? UINT32_MAX : 4u * record->words;
	if (bytes > left) {
		box_read_damage(reader, "chunk %u: record at byte %u runs past the chunk: rest of the chunk skipped",
				chunk->index, *offset);
		goto skip;
	}
	if (bytes < sizeof *record) {
		box_read_damage(reader, "chunk %u: record at byte %u has no length: rest of the chunk skipped",
				chunk->index, *offset);
		goto skip;
	}
	least = record_least_bytes(record, bytes);
	if (least == 0 || least > bytes) {
		box_read_damage(reader, "chunk %u: record at byte %u of kind %u has %u bytes: rest of the chunk skipped",
				chunk->index, *offset, record->kind, bytes);
		goto skip;
	}
	*offset += bytes;
	return record;
skip:
	*offset = chunk->bytes;
	return NULL;
}
