/* luaopen_cloudjobs_core. Links no libcurl, so that an nginx worker can load
** it. */
#include "base/compat.h"

#include "codec/lcbor.h"
#include "codec/ldecode.h"
#include "codec/lencode.h"
#include "codec/lmembers.h"
#include "codec/lshape.h"
#include "codec/ltext.h"
#include "codec/ltranscode.h"
#include "codec/lworkspace.h"
#include "codec/lxml.h"
#include "http/lhead.h"
#include "http/lresponse_parser.h"
#include "sign/lcertificate.h"
#include "sign/lchecksum.h"
#include "sign/lhash.h"
#include "sign/lheaders.h"
#include "sign/lrandom.h"
#include "sign/lsigner.h"

/* Each adds its functions to the table on top of the stack. */
static void (*const parts[])(lua_State *L) = {
  cj_hashes_open,      cj_randomness_open, cj_request_headers_open,
  cj_signer_open,      cj_head_open,       cj_response_parser_open,
  cj_certificate_open, cj_shape_open,      cj_workspace_open,
  cj_encode_open,      cj_decode_open,     cj_members_open,
  cj_xml_open,         cj_text_open,       cj_transcode_open,
  cj_checksums_open,   cj_cbor_open,
};

int luaopen_cloudjobs_core (lua_State *L);

CJ_EXPORT int luaopen_cloudjobs_core (lua_State *L) {
  size_t i;
  luaL_checkversion(L);
  lua_newtable(L);
  for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
    parts[i](L);
  return 1;
}
