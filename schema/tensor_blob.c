#include "tensor_blob.h"

static size_t
varint_write(uint64_t value, uint8_t *at)
{
	size_t n = 0;

	while (value >= 0x80) {
		at[n++] = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	at[n++] = (uint8_t)value;
	return n;
}

static bool
varint_read(const uint8_t *blob, size_t size, size_t *at, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; shift < 64 && *at < size; shift += 7) {
		uint8_t byte = blob[(*at)++];

		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

size_t
tensor_blob_encode(const uint64_t *ids, size_t inputs, size_t outputs, uint8_t *blob)
{
	size_t n = varint_write(inputs, blob);
	uint64_t previous = 0;

	for (size_t i = 0; i < inputs + outputs; i++) {
		int64_t delta = (int64_t)(ids[i] - previous);

		n += varint_write(((uint64_t)delta << 1) ^ (delta < 0 ? UINT64_MAX : 0), blob + n);
		previous = ids[i];
	}
	return n;
}

bool
tensor_blob_decode(const uint8_t *blob, size_t size, int64_t *ids, size_t room, size_t *inputs, size_t *outputs)
{
	uint64_t declared, value, previous = 0;
	size_t at = 0, count = 0;
	bool ok = varint_read(blob, size, &at, &declared);

	while (ok && at < size && count < room) {
		ok = varint_read(blob, size, &at, &value);
		if (!ok)
			break;
		previous += (value >> 1) ^ (0 - (value & 1));
		ids[count++] = (int64_t)previous;
	}
	*inputs = ok && declared < count ? (size_t)declared : count;
	*outputs = count - *inputs;
	return ok && at == size && declared <= count;
}
