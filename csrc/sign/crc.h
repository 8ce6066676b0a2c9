/* CRC-32, CRC-32C and CRC-64/NVME. They detect accidents, not attacks. */
#ifndef CJ_CRC_H
#define CJ_CRC_H

#include <stddef.h>
#include <stdint.h>

enum cj_crc_kind { CJ_CRC32, CJ_CRC32C, CJ_CRC64NVME, CJ_CRC_KINDS };

/* The CRC of a text whose beginning has the CRC 'crc' and whose rest is the n
** bytes at s. The CRC of no bytes is 0. */
uint64_t cj_crc (enum cj_crc_kind kind, uint64_t crc, const void *s, size_t n);

#endif
