// What OpenFace prints on std::cout while it reads files goes to Python's logging instead.
#pragma once

#include <string>

namespace bridge {

// Collects what the current thread writes to std::cout during its life; other threads' output passes.
class Chatter {
public:
  Chatter();
  ~Chatter();
  Chatter(const Chatter&) = delete;
  Chatter& operator=(const Chatter&) = delete;

  // Sends what was collected, line by line, to the logger "openface_bridge.openface". Needs the GIL.
  void log() const;

private:
  std::string text_;
  std::string* outer_;
};

} // namespace bridge
