"""What a signed zone needs beside the publishing of its content: what is seen of it, and the steps that follow."""
